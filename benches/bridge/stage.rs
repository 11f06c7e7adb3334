//! The bridge, the raw client and the directory side by side, and the rounds they take in turns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::bridge::Bridge;
use crate::experiment::{self, Experiment, ROUND, Seen, Side, Step, TEMPLATE};
use crate::failure::Failure;
use crate::http::Connection;
use crate::lab::Lab;
use crate::observed::Observed;
use crate::population::{Population, USERS};
use crate::raw::{Directory, Search};
use crate::report::{Expected, Row};
use crate::round::{Limit, Round, raw_ldap, through_bridge};
use crate::say;

/// After this long no further round begins: the operations that are left get one round each.
const BUDGET: Duration = Duration::from_secs(170);

/// What was promised for a GET by id, with generator, bridge and directory on two cores.
const EXPECTED: Expected = Expected {
    processor_at_most: Duration::from_micros(100),
    ratio_at_least: 0.4,
};

/// Everything a round needs.
pub(crate) struct Stage<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) plain: Bridge,
    pub(crate) tls: Bridge,
    /// The bridge's account, over as many connections as the bridge has.
    pub(crate) raw: Directory,
    /// The directory's administrator, who checks.
    pub(crate) admin: Directory,
    pub(crate) slapd: u32,
    pub(crate) rounds: usize,
    pub(crate) begun: Instant,
}

/// The next index of each side. It goes on over rounds and concurrencies, so that no write repeats an earlier one.
#[derive(Default)]
pub(crate) struct Progress {
    bridge: usize,
    raw: usize,
}

impl Stage<'_> {
    /// Lets the bridge read and create one user, and looks at what that meant to the directory.
    pub(crate) fn watch(&self, lab: &Lab, population: &Population) -> Result<Seen, Failure> {
        let user = population
            .users
            .get(USERS / 2)
            .ok_or_else(|| Failure::Directory("it has no users".to_owned()))?;
        self.ask("GET", &format!("/Users/{}", user.id), "", 200)?;
        let by_id = Observed::in_log(&lab.log()?, &user.id)?;
        self.ask("GET", &experiment::by_name(&user.name), "", 200)?;
        let by_name = Observed::in_log(&lab.log()?, &user.name)?;
        self.ask("POST", "/Users", &experiment::user(TEMPLATE), 201)?;
        let made = Search {
            base: lab.get("PEOPLE_OU")?.into(),
            scope: ldap3::Scope::Subtree,
            filter: format!("(uid={TEMPLATE})"),
            wanted: Arc::from(["*".to_owned()]),
        };
        let template = self.runtime.block_on(self.admin.search(&made))?.pop();
        let template = template.ok_or_else(|| {
            Failure::WrongAnswer("201, and the directory has no such user".to_owned())
        })?;
        Ok(Seen {
            by_id,
            by_name,
            template,
        })
    }

    fn ask(&self, method: &str, path: &str, body: &str, expected: u16) -> Result<(), Failure> {
        let mut connection = Connection::open(&self.plain.origin)?;
        let answer = connection.exchange(&self.plain.request(method, path, body))?;
        if answer.status == expected {
            return Ok(());
        }
        let body = String::from_utf8_lossy(answer.body);
        Err(Failure::WrongAnswer(format!(
            "{} for {method} {path}, not {expected}: {body}",
            answer.status
        )))
    }

    /// The rows of an experiment at one concurrency.
    pub(crate) fn measure(
        &self,
        experiment: &Experiment,
        concurrency: usize,
        progress: &mut Progress,
    ) -> Result<Vec<Row>, Failure> {
        let row = |step: &Step, tls: bool| Row {
            name: if tls {
                format!("{}, TLS front", step.name)
            } else {
                step.name.to_owned()
            },
            concurrency,
            bridge: Vec::new(),
            raw: Vec::new(),
            expected: (step.tls && !tls).then_some(EXPECTED),
        };
        let mut rows: Vec<(Row, Option<Row>)> = experiment
            .steps
            .iter()
            .map(|step| (row(step, false), step.tls.then(|| row(step, true))))
            .collect();
        for number in 0..self.rounds {
            if number > 0 && self.begun.elapsed() > BUDGET {
                say("out of time: fewer rounds");
                break;
            }
            let (mut through, mut straight) = (None, None);
            for (step, (row, tls_row)) in experiment.steps.iter().zip(&mut rows) {
                let limit = |first: usize, earlier: Option<usize>| Limit {
                    first,
                    concurrency,
                    // A step that undoes another has as much to do, however long it takes.
                    count: earlier.unwrap_or(experiment.count),
                    time: if earlier.is_some() { ROUND * 10 } else { ROUND },
                };
                let bridge_limit = limit(progress.bridge, through);
                let round = through_bridge(&self.plain, self.slapd, bridge_limit, &step.bridge)?;
                through = Some(self.proved(step, Side::Bridge, bridge_limit, through, &round)?);
                row.bridge.push(round);
                if let Some(tls_row) = tls_row {
                    tls_row.bridge.push(through_bridge(
                        &self.tls,
                        self.slapd,
                        bridge_limit,
                        &step.bridge,
                    )?);
                }
                let Some(raw) = &step.raw else {
                    continue;
                };
                let raw_limit = limit(progress.raw, straight);
                let round = raw_ldap(self.runtime, &self.raw, self.slapd, raw_limit, raw)?;
                straight = Some(self.proved(step, Side::Raw, raw_limit, straight, &round)?);
                if let Some(tls_row) = tls_row {
                    tls_row.raw.push(round.clone());
                }
                row.raw.push(round);
            }
            progress.bridge += through.unwrap_or(0);
            progress.raw += straight.unwrap_or(0);
        }
        for (row, _) in &rows {
            let rate = |rounds: &[Round]| {
                rounds
                    .iter()
                    .map(|round| format!("{:.0}", round.per_second()))
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            say(&format!(
                "{}, {concurrency} at once: bridge {}; raw {}",
                row.name,
                rate(&row.bridge),
                rate(&row.raw)
            ));
        }
        Ok(rows
            .into_iter()
            .flat_map(|(row, tls_row)| [Some(row), tls_row])
            .flatten()
            .collect())
    }

    /// Looks whether the round's first and last request did to the directory what they said, and whether an undoing round undid all.
    /// The number of its requests.
    fn proved(
        &self,
        step: &Step,
        side: Side,
        limit: Limit,
        earlier: Option<usize>,
        round: &Round,
    ) -> Result<usize, Failure> {
        let requests = round.requests();
        if earlier.is_some_and(|earlier| earlier != requests) {
            return Err(Failure::WrongAnswer(format!(
                "`{}` took too long",
                step.name
            )));
        }
        if let Some(proof) = &step.proof {
            for index in [limit.first, limit.first + requests - 1] {
                let proof = proof(side, index);
                proof.check(
                    self.runtime
                        .block_on(self.admin.search(&proof.search))?
                        .len(),
                    step.name,
                )?;
            }
        }
        Ok(requests)
    }

    /// Every membership added was removed again, and no other was.
    pub(crate) fn nobody_is_missing(&self, population: &Population) -> Result<(), Failure> {
        let members = Search {
            base: population.big_group.dn.as_str().into(),
            scope: ldap3::Scope::Base,
            filter: "(objectClass=*)".to_owned(),
            wanted: Arc::from(["member".to_owned()]),
        };
        let entries = self.runtime.block_on(self.admin.search(&members))?;
        let count: usize = entries
            .iter()
            .flat_map(|entry| &entry.attributes)
            .map(|(_, values)| values.len())
            .sum();
        if count == USERS {
            return Ok(());
        }
        Err(Failure::WrongAnswer(format!(
            "the group of {USERS} has {count} members after the run"
        )))
    }
}
