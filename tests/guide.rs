//! Every command of docs/guide.md, in its order, on files such as a reader would have.

mod support;

use support::{Folder, table};

/// Comments of the tests as an export of WordPress.
fn export(rows: &[Vec<String>]) -> String {
    let mut items = String::new();
    let mut articles: Vec<&String> = rows.iter().map(|row| &row[1]).collect();
    articles.sort();
    articles.dedup();
    for article in articles {
        items += &format!(
            "<item><title>T {article}</title><link>https://a.example/{article}</link><content:encoded><![CDATA[<p>About {article}.</p>]]></content:encoded><wp:post_id>{article}</wp:post_id>"
        );
        for row in rows.iter().filter(|row| row[1] == *article) {
            items += &format!(
                "<wp:comment><wp:comment_id>{}</wp:comment_id><wp:comment_author>A</wp:comment_author><wp:comment_content><![CDATA[{}]]></wp:comment_content>\
                 <wp:comment_approved>1</wp:comment_approved><wp:comment_type>comment</wp:comment_type><wp:comment_parent>0</wp:comment_parent></wp:comment>",
                row[0], row[4]
            );
        }
        items += "</item>";
    }
    format!(
        "<?xml version=\"1.0\"?><rss xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:wp=\"http://wordpress.org/export/1.2/\">\
         <channel>{items}</channel></rss>"
    )
}

/// The sampled rows with the labels that the test's comments have.
fn labelled(to_label: &str, rows: &[Vec<String>]) -> String {
    let mut sampled = table(to_label);
    let place = |name: &str| sampled[0].iter().position(|column| column == name).unwrap();
    let (id, stance, tone) = (place("id"), place("stance"), place("tone"));
    for row in sampled.iter_mut().skip(1) {
        let original = rows.iter().find(|original| original[0] == row[id]).unwrap();
        (row[stance], row[tone]) = (original[5].clone(), original[6].clone());
    }
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    sampled.iter().for_each(|row| writer.write_record(row).unwrap());
    format!("\u{feff}{}", String::from_utf8(writer.into_inner().unwrap()).unwrap())
}

#[test]
fn every_command_of_the_guide_works() {
    let guide = std::fs::read_to_string("docs/guide.md").unwrap();
    let commands: Vec<&str> = guide.lines().filter_map(|line| line.strip_prefix("$ belowline ")).collect();
    assert!(commands.len() >= 10, "{commands:?}");
    let rows = table(&support::comments());
    let folder = Folder::new();
    folder.write("export.xml", export(&rows[1..]));
    std::fs::create_dir(folder.path("pages")).unwrap();
    for page in ["wordpress.html", "numbered.txt"] {
        std::fs::copy(format!("tests/pages/{page}"), folder.path(&format!("pages/{page}"))).unwrap();
    }
    for command in commands {
        // What the reader does between the commands.
        if command.starts_with("train") {
            let labelled = labelled(&folder.read("to-label.csv"), &rows);
            folder.write("labelled.csv", &labelled);
            folder.write("kept-apart.csv", &labelled);
            folder.write("new.csv", folder.read("comments.csv"));
        }
        let text = command.find('"').map(|at| command[at..].trim_matches('"').to_owned());
        let run = match text {
            None => folder.run(command),
            Some(text) => {
                // A quoted text is one argument.
                folder.write("text.txt", text);
                folder.run(&format!("{} --file text.txt", command.split(" --text").next().unwrap()))
            }
        };
        assert_eq!(run.status, 0, "{command}: {}", run.err);
    }
    for file in ["to-label-2.csv", "evaluation.html", "scored.csv", "report.html", "pages.html", "page-articles.csv"] {
        assert!(!folder.read(file).is_empty(), "{file}");
    }
}
