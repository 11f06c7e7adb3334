//! Raw LDAP: the bridge's own client library with nothing above it, on as many connections, with the same socket options.

use std::collections::HashSet;
use std::net::TcpStream;
use std::sync::Arc;

use lber::structure::StructureTag;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Mod, ResultEntry, Scope, StdStream};

use crate::failure::{Doing, Failure};
use crate::lab::Lab;

/// One request to the directory, and what makes its answer right.
pub(crate) enum Operation {
    /// Must find exactly one entry.
    Find(Search),
    Add {
        dn: String,
        attributes: Attributes,
    },
    Modify {
        dn: String,
        modification: Mod<String>,
    },
}

/// Attributes of a new entry, in the client library's own shape.
pub(crate) type Attributes = Vec<(String, HashSet<String>)>;

/// A search; everything but the filter is usually shared by thousands.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub(crate) base: Arc<str>,
    pub(crate) scope: Scope,
    pub(crate) filter: String,
    pub(crate) wanted: Arc<[String]>,
}

/// An entry with what was asked for; values that are no text are left out.
pub(crate) struct Entry {
    pub(crate) dn: String,
    pub(crate) attributes: Vec<(String, Vec<String>)>,
}

impl Entry {
    /// The first value of an attribute.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        let (_, values) = self
            .attributes
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        values.first().map(String::as_str)
    }
}

/// Some connections under one account.
#[derive(Clone)]
pub(crate) struct Directory(Vec<Ldap>);

impl Directory {
    /// Opens and binds them. Must run on the runtime that is to drive them.
    pub(crate) async fn connect(
        lab: &Lab,
        dn: &str,
        password_file: &str,
        connections: usize,
    ) -> Result<Directory, Failure> {
        let (url, address) = (lab.get("URL")?, lab.address()?);
        let (dn, password, tls) = (lab.get(dn)?, lab.password(password_file)?, lab.tls()?);
        let mut handles = Vec::new();
        for _ in 0..connections {
            let doing = || format!("connect to {address}");
            let socket = TcpStream::connect(address).doing(doing)?;
            socket.set_nodelay(true).doing(doing)?;
            let settings = LdapConnSettings::new()
                .set_config(Arc::clone(&tls))
                .set_std_stream(StdStream::Tcp(socket));
            let (connection, mut ldap) = LdapConnAsync::with_settings(settings, url).await?;
            tokio::spawn(connection.drive());
            ldap.simple_bind(dn, &password).await?.success()?;
            handles.push(ldap);
        }
        Ok(Directory(handles))
    }

    /// A handle on one of the connections; workers spread over them by their number.
    pub(crate) fn handle(&self, worker: usize) -> Result<Ldap, Failure> {
        let index = worker % self.0.len().max(1);
        self.0
            .get(index)
            .cloned()
            .ok_or_else(|| Failure::Directory("there is no connection".to_owned()))
    }

    /// All entries that a search finds.
    pub(crate) async fn search(&self, search: &Search) -> Result<Vec<Entry>, Failure> {
        let mut ldap = self.handle(0)?;
        let mut entries = Vec::new();
        let wanted = Arc::clone(&search.wanted);
        let mut stream = ldap
            .streaming_search(&search.base, search.scope, &search.filter, wanted)
            .await?;
        while let Some(entry) = stream.next().await? {
            entries.push(decode(entry)?);
        }
        stream.finish().await.success()?;
        Ok(entries)
    }
}

/// Carries out one operation and checks its result.
pub(crate) async fn perform(ldap: &mut Ldap, operation: Operation) -> Result<(), Failure> {
    match operation {
        Operation::Find(search) => {
            let mut stream = ldap
                .streaming_search(&search.base, search.scope, &search.filter, search.wanted)
                .await?;
            let mut found = 0_usize;
            while let Some(entry) = stream.next().await? {
                found += usize::from(!entry.is_ref() && !entry.is_intermediate());
            }
            stream.finish().await.success()?;
            if found != 1 {
                return Err(Failure::WrongAnswer(format!(
                    "{} found {found} entries, not 1",
                    search.filter
                )));
            }
        }
        Operation::Add { dn, attributes } => drop(ldap.add(&dn, attributes).await?.success()?),
        Operation::Modify { dn, modification } => {
            drop(ldap.modify(&dn, vec![modification]).await?.success()?)
        }
    }
    Ok(())
}

/// `SearchResultEntry ::= [APPLICATION 4] SEQUENCE { objectName, attributes }` (RFC 4511 §4.5.2).
fn decode(entry: ResultEntry) -> Result<Entry, Failure> {
    let broken = || Failure::Directory("it sent an entry that cannot be read".to_owned());
    let text = |tag: StructureTag| {
        tag.expect_primitive()
            .and_then(|bytes| String::from_utf8(bytes).ok())
    };
    let mut parts = entry
        .0
        .match_id(4)
        .and_then(StructureTag::expect_constructed)
        .ok_or_else(broken)?
        .into_iter();
    let dn = parts.next().and_then(text).ok_or_else(broken)?;
    let mut attributes = Vec::new();
    for attribute in parts
        .next()
        .and_then(StructureTag::expect_constructed)
        .ok_or_else(broken)?
    {
        let mut pair = attribute
            .expect_constructed()
            .ok_or_else(broken)?
            .into_iter();
        let name = pair.next().and_then(text).ok_or_else(broken)?;
        let values = pair
            .next()
            .and_then(StructureTag::expect_constructed)
            .ok_or_else(broken)?;
        attributes.push((name, values.into_iter().filter_map(text).collect()));
    }
    Ok(Entry { dn, attributes })
}
