//! From bytes to examples: CSV, JSON lines and pages, compressed or not, in any encoding.
//!
//! A file passes through four layers, one file of this room each or two:
//!
//! 1. `decode`: bytes on disk -> UTF-8 text (gzip, zstd, byte order marks, encodings);
//! 2. `format`: which of the row readers fits the file;
//! 3. `csv` (in the `dialect` of the file, on a `window` over the text), `json_lines` and `page_rows`: text -> raw rows
//!    with exact positions;
//! 4. `mapping` (by `columns` and `cell`): raw row -> [`Example`], with the article looked up in [`Articles`].
//!
//! [`Inputs`] strings several files together into one stream of [`Row`]s.
//!
//! A row that cannot be used is a value, [`Row::Bad`], and reading goes on after it; only what makes the
//! rest of a file unreadable is an error. Every row of the input comes out as one or the other, in order.
//! Messages carry positions, column names and counts, never the text of a cell.

mod articles;
mod cell;
mod columns;
mod csv;
mod decode;
mod dialect;
mod example;
mod format;
mod json_lines;
mod mapping;
mod page_rows;
mod reader;
mod record;
mod table;
mod window;

pub use articles::Articles;
pub use columns::{ColumnNames, Role};
pub use decode::Text;
pub use example::{Article, Example};
pub use page_rows::{PAGE_COLUMNS, page};
pub(crate) use page_rows::{ids as page_ids, row as page_row};
pub(crate) use reader::files;
pub use reader::{InputOptions, Inputs, RecordReader};
pub(crate) use record::json_cell;
pub use record::{BadRow, Header, Raw, Record, Row};
pub use table::{Table, TableRow};
pub(crate) use table::{text_from, text_of};
