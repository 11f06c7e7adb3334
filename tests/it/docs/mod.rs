//! The documents against the code: what they list is what the code has, their examples load, their links lead somewhere.
//! No directory is needed. A test that fails here says which document to correct.

mod examples;
mod lists;
pub(crate) mod markdown;

use markdown::{anchors, documents, links, root};

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    for (name, text) in documents() {
        let folder = root().join(&name).parent().unwrap().to_owned();
        for link in links(&text) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let file = if path.is_empty() {
                root().join(&name)
            } else {
                folder.join(path)
            };
            let there = file.exists() && (anchor.is_empty() || anchors(&file).contains(anchor));
            if !there {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}
