//! Exports of comment systems, in the shapes that these document.

mod support;

use std::io::Write;

use support::{Folder, column};

const WORDPRESS: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<!-- generator="WordPress/6.5" -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
  <title>The Harrow Courier</title>
  <wp:author><wp:author_email><![CDATA[editor@courier.example]]></wp:author_email></wp:author>
  <item>
    <title>Trams &amp; tolls &#8212; what now?</title>
    <link>https://courier.example/trams</link>
    <content:encoded><![CDATA[<p>The council votes on <b>tolls</b>.</p><p>On Monday.</p>]]></content:encoded>
    <excerpt:encoded><![CDATA[not the body]]></excerpt:encoded>
    <wp:post_id>42</wp:post_id>
    <wp:post_type><![CDATA[post]]></wp:post_type>
    <wp:comment>
      <wp:comment_id>1</wp:comment_id>
      <wp:comment_author><![CDATA[Zoë B.]]></wp:comment_author>
      <wp:comment_author_email>zoe@secret.example</wp:comment_author_email>
      <wp:comment_author_url>http://zoe.secret.example</wp:comment_author_url>
      <wp:comment_author_IP>203.0.113.77</wp:comment_author_IP>
      <wp:comment_date>2026-03-17 07:12:40</wp:comment_date>
      <wp:comment_date_gmt>2026-03-17 06:12:40</wp:comment_date_gmt>
      <wp:comment_content>Fine &amp; dandy &lt;3 caf&#233; &hellip;

Second paragraph.</wp:comment_content>
      <wp:comment_approved>1</wp:comment_approved>
      <wp:comment_type></wp:comment_type>
      <wp:comment_parent>0</wp:comment_parent>
    </wp:comment>
    <wp:comment>
      <wp:comment_id>2</wp:comment_id><wp:comment_author>Ann</wp:comment_author>
      <wp:comment_date_gmt>0000-00-00 00:00:00</wp:comment_date_gmt>
      <wp:comment_content><![CDATA[No.<br />Never, "ever".]]></wp:comment_content>
      <wp:comment_approved>0</wp:comment_approved><wp:comment_type>comment</wp:comment_type>
      <wp:comment_parent>1</wp:comment_parent>
    </wp:comment>
    <wp:comment><wp:comment_id>3</wp:comment_id><wp:comment_content>link</wp:comment_content>
      <wp:comment_approved>1</wp:comment_approved><wp:comment_type>pingback</wp:comment_type></wp:comment>
    <wp:comment><wp:comment_id>4</wp:comment_id><wp:comment_content>pills</wp:comment_content>
      <wp:comment_approved>spam</wp:comment_approved><wp:comment_type/></wp:comment>
    <wp:comment><wp:comment_id>5</wp:comment_id><wp:comment_content>gone</wp:comment_content>
      <wp:comment_approved>trash</wp:comment_approved></wp:comment>
    <wp:comment><wp:comment_id>6</wp:comment_id><wp:comment_content>   </wp:comment_content>
      <wp:comment_approved>1</wp:comment_approved></wp:comment>
    <wp:comment><wp:comment_id>7</wp:comment_id><wp:comment_author>Zoë B.</wp:comment_author><wp:comment_content>Late reply</wp:comment_content>
      <wp:comment_approved>1</wp:comment_approved><wp:comment_parent>4</wp:comment_parent></wp:comment>
  </item>
  <item><title>No comments here</title><wp:post_id>43</wp:post_id></item>
</channel>
</rss>
"#;

const DISQUS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
  <category dsq:id="9"><forum>courier</forum></category>
  <thread dsq:id="100"><id>trams</id><forum>courier</forum><category dsq:id="9"/><link>https://courier.example/trams</link>
    <title>Trams &amp; tolls</title><message/><createdAt>2026-03-16T00:00:00Z</createdAt>
    <author><name>Editor</name><isAnonymous>false</isAnonymous><username>ed</username></author><isClosed>false</isClosed><isDeleted>false</isDeleted></thread>
  <post dsq:id="1"><id/><message><![CDATA[<p>First &amp; foremost</p><p>it&#39;s late</p>]]></message><createdAt>2026-03-17T06:00:00Z</createdAt>
    <isDeleted>false</isDeleted><isSpam>false</isSpam><author><email>a@secret.example</email><name>A</name><isAnonymous>true</isAnonymous></author>
    <ipAddress>198.51.100.9</ipAddress><thread dsq:id="100"/></post>
  <post dsq:id="2"><message><![CDATA[Agreed]]></message><createdAt>2026-03-17T07:00:00Z</createdAt><isDeleted>false</isDeleted><isSpam>false</isSpam>
    <author><name>B</name><username>b_user</username></author><thread dsq:id="100"/><parent dsq:id="1"/></post>
  <post dsq:id="3"><message>pills</message><isDeleted>false</isDeleted><isSpam>true</isSpam><thread dsq:id="100"/></post>
  <post dsq:id="4"><message>away</message><isDeleted>true</isDeleted><isSpam>false</isSpam><thread dsq:id="100"/></post>
</disqus>
"#;

const CORAL: &str = "id,author_id,story_id,created_at,body,parent_id,status\n\
    c1,u1,s1,2026-03-17T06:00:00Z,<div>Good &amp; long</div><div>piece</div>,,APPROVED\n\
    c2,u2,s1,2026-03-17T07:00:00Z,Rubbish,c1,REJECTED\n\
    c3,u2,s1,2026-03-17T08:00:00Z,<br>,c1,NONE\n\
    c4,u1,s1,x,y\n";

const STORIES: &str =
    "id,url,title,author,published_at\ns1,https://courier.example/s1,Tolls &amp; trams,ed,2026-03-16\n";

#[test]
fn wordpress_gives_comments_with_their_articles_and_threads() {
    let folder = Folder::new();
    folder.write("wp.xml", WORDPRESS);
    let run = folder.run("import wp.xml --from wordpress -o c.csv --articles-output a.csv --keep-authors");
    assert_eq!(run.status, 0, "{}", run.err);
    assert_eq!(
        run.err,
        "3 comments and 1 articles written, 4 comments left out (1 deleted, 1 empty, 1 pingback, 1 spam), 0 rows rejected\n\
         1 replies answer a comment that was left out, comes later or stands too far back: their `parent` is empty\n"
    );
    let out = folder.read("c.csv");
    assert_eq!(column(&out, "id"), ["1", "2", "7"]);
    assert_eq!(
        column(&out, "comment"),
        ["Fine & dandy <3 café …\n\nSecond paragraph.", "No.\nNever, \"ever\".", "Late reply"]
    );
    assert_eq!(column(&out, "parent"), ["", "Fine & dandy <3 café …\n\nSecond paragraph.", ""]);
    assert_eq!(column(&out, "parent_id"), ["", "1", "4"]);
    assert_eq!(column(&out, "time"), ["2026-03-17T06:12:40Z", "", ""]);
    assert_eq!(column(&out, "author"), ["Zoë B.", "Ann", "Zoë B."]);
    assert_eq!(column(&out, "status"), ["approved", "pending", "approved"]);
    let articles = folder.read("a.csv");
    assert_eq!(column(&articles, "article_id"), ["42"]);
    assert_eq!(column(&articles, "title"), ["Trams & tolls — what now?"]);
    assert_eq!(column(&articles, "body"), ["The council votes on tolls.\n\nOn Monday."]);
    assert!(![out, articles].concat().contains("secret") && !folder.read("c.csv").contains("203.0.113"));
}

#[test]
fn what_was_imported_can_be_read_by_the_other_commands() {
    let folder = Folder::with_model();
    folder.write("wp.xml", WORDPRESS);
    folder.run("import wp.xml --from wordpress -o c.csv --articles-output a.csv --quiet").done();
    let out = folder.run("predict c.csv --articles a.csv -m m").done();
    assert_eq!(column(&out, "stance_pred").len(), 3);
    folder.run("report c.csv --articles a.csv -m m -o r.html").done();
    assert!(folder.read("r.html").contains("Trams &amp; tolls — what now?"));
}

#[test]
fn disqus_gives_threads_and_posts() {
    let folder = Folder::new();
    folder.write("d.xml", DISQUS);
    let run = folder.run("import d.xml --from disqus -o c.csv --articles-output a.csv --keep-authors");
    assert!(
        run.err.starts_with("2 comments and 1 articles written, 2 comments left out (1 deleted, 1 spam)"),
        "{}",
        run.err
    );
    assert!(run.err.ends_with("than among what readers send in\n"), "only approved comments: said");
    let out = folder.read("c.csv");
    assert_eq!(column(&out, "comment"), ["First & foremost\n\nit's late", "Agreed"]);
    assert_eq!(column(&out, "parent"), ["", "First & foremost\n\nit's late"]);
    assert_eq!(column(&out, "author"), ["A", "b_user"]);
    assert_eq!(column(&out, "article_id"), ["100", "100"]);
    assert_eq!(column(&folder.read("a.csv"), "title"), ["Trams & tolls"]);
    assert!(!out.contains("secret") && !out.contains("198.51"));
}

#[test]
fn coral_and_reddit_are_read_with_their_second_files_compressed_or_not() {
    let folder = Folder::new();
    folder.write("comments.csv", CORAL);
    folder.write("stories.csv", STORIES);
    let run = folder
        .run("import comments.csv --from coral --stories stories.csv -o c.csv --articles-output a.csv --keep-authors");
    assert_eq!(run.status, 3);
    assert!(
        run.err.contains("2 comments and 1 articles written, 1 comments left out (1 empty), 1 rows rejected"),
        "{}",
        run.err
    );
    let out = folder.read("c.csv");
    assert_eq!(column(&out, "comment"), ["Good & long\n\npiece", "Rubbish"]);
    assert_eq!(column(&out, "status"), ["approved", "rejected"]);
    assert_eq!(column(&folder.read("a.csv"), "title"), ["Tolls & trams"]);
    folder.write("odd.csv", "a,b\n1,2\n");
    assert!(
        folder
            .run("import odd.csv --from coral")
            .failure()
            .starts_with("odd.csv: this is neither Coral's comments.csv")
    );

    let submissions =
        "{\"id\":\"s1\",\"title\":\"Trams &amp; tolls\",\"selftext\":\"[removed]\",\"url\":\"https://x.example\"}\n";
    let comments = concat!(
        "{\"id\":\"a\",\"link_id\":\"t3_s1\",\"parent_id\":\"t3_s1\",\"body\":\"1 &lt; 2 <b>\\n\\n&gt; quote\",\"author\":\"u1\",\"created_utc\":1773748800}\n",
        "{\"id\":\"b\",\"link_id\":\"t3_s1\",\"parent_id\":\"t1_a\",\"body\":\"yes\",\"author\":\"[deleted]\",\"created_utc\":\"1773748801\"}\n",
        "{\"id\":\"c\",\"link_id\":\"t3_s1\",\"parent_id\":\"t1_b\",\"body\":\"[removed]\",\"author\":\"u1\",\"created_utc\":1773748802.0}\n",
        "{\"body\":\"no id\"}\n",
    );
    folder.write("s.ndjson", submissions);
    folder.write("c.zst", zstd::encode_all(comments.as_bytes(), 1).unwrap());
    let run =
        folder.run("import c.zst --from reddit --stories s.ndjson -o r.csv --articles-output ra.csv --rejects bad.csv");
    assert_eq!(run.status, 3, "{}", run.err);
    let out = folder.read("r.csv");
    assert_eq!(column(&out, "comment"), ["1 < 2 <b>\n\n> quote", "yes"]);
    assert_eq!(column(&out, "parent"), ["", "1 < 2 <b>\n\n> quote"]);
    assert_eq!(column(&out, "time"), ["2026-03-17T12:00:00Z", "2026-03-17T12:00:01Z"]);
    assert_eq!(column(&folder.read("ra.csv"), "body"), [""]);
    assert_eq!(column(&folder.read("bad.csv"), "line"), ["4"]);
}

#[test]
fn names_are_hashed_and_the_same_key_gives_the_same_hash() {
    let folder = Folder::new();
    folder.write("wp.xml", WORDPRESS);
    folder.write("key", "a secret");
    let authors =
        |arguments: &str| column(&folder.run(&format!("import wp.xml --from wordpress {arguments}")).done(), "author");
    let (random, other) = (authors(""), authors(""));
    assert_eq!(random[0], random[2]);
    assert_ne!(random[0], random[1]);
    assert_ne!(random[0], other[0]);
    assert!(random[0].len() == 16 && random[0].bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(authors("--author-key key"), authors("--author-key key"));
}

#[test]
fn broken_exports_end_in_an_error_with_a_position_and_leave_nothing() {
    let folder = Folder::new();
    let fails = |bytes: &[u8], from: &str| {
        folder.write("x.xml", bytes);
        let message = folder.run(&format!("import x.xml --from {from} -o out.csv")).failure();
        assert!(!folder.names().contains(&"out.csv".to_owned()), "{message}");
        message
    };
    let cut = &WORDPRESS.as_bytes()[..WORDPRESS.find("Second paragraph").unwrap()];
    let message = fails(cut, "wordpress");
    assert!(message.starts_with("x.xml, record 1, byte "), "{message}");
    assert!(message.ends_with("the file ends inside <wp:comment_content>: it is cut short"), "{message}");
    let message = fails(WORDPRESS.replace("</wp:comment_content>", "</wp:oops>").as_bytes(), "wordpress");
    assert!(message.contains("this is not well-formed XML"), "{message}");
    let deep = format!("<disqus>{}", "<a>".repeat(100_000));
    assert!(fails(deep.as_bytes(), "disqus").contains("elements stand inside each other too deeply"));
    assert_eq!(
        fails(DISQUS.as_bytes(), "wordpress").split_once(": ").unwrap().1,
        "the outermost element is <disqus>, not <rss>: is it another system's file?"
    );
    let mut invalid = WORDPRESS.as_bytes().to_vec();
    let place = WORDPRESS.find("dandy").unwrap();
    invalid[place] = 0xff;
    assert!(fails(&invalid, "wordpress").starts_with("x.xml, record 1, byte "));
    assert!(fails(b"no xml at all", "disqus").ends_with("there is no element <disqus>"));
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(WORDPRESS.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    folder.write("wp.xml.gz", &gz);
    assert_eq!(column(&folder.run("import wp.xml.gz --from wordpress").done(), "id").len(), 3);
    assert!(fails(&gz[..gz.len() / 2], "wordpress").starts_with("cannot read x.xml"));
}

#[test]
fn entities_that_a_document_declares_are_never_expanded() {
    let folder = Folder::new();
    let declared = "<!DOCTYPE disqus [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]>";
    folder.write(
        "x.xml",
        DISQUS.replacen("<disqus", &format!("{declared}<disqus"), 1).replace("<![CDATA[Agreed]]>", "Agreed &b; &f;"),
    );
    let out = folder.run("import x.xml --from disqus").done();
    assert_eq!(column(&out, "comment")[1], "Agreed &b; &f;");
}

#[test]
fn utf_16_and_named_encodings_are_read() {
    let folder = Folder::new();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(DISQUS.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    folder.write("u.xml", utf16);
    assert_eq!(column(&folder.run("import u.xml --from disqus").done(), "id"), ["1", "2"]);
    folder.write(
        "l.xml",
        WORDPRESS
            .replace('ë', "\u{1}")
            .replace('—', "-")
            .bytes()
            .map(|b| if b == 1 { 0xeb } else { b })
            .collect::<Vec<_>>(),
    );
    let out = folder.run("import l.xml --from wordpress --keep-authors --encoding windows-1252").done();
    assert_eq!(column(&out, "author")[0], "Zoë B.");
}
