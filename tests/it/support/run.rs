//! Runs one story once per directory.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt as _;

use super::bridge::Bridge;
use super::lab::Kind;
use super::options::Options;
use super::place::Place;

/// Gives the story a place of its own in this directory, and takes it away again whatever happened.
pub(crate) fn in_a_place(kind: Kind, story: impl AsyncFnOnce(&Place)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let place = Place::new(kind).await;
        let outcome = AssertUnwindSafe(story(&place)).catch_unwind().await;
        place.remove().await;
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    });
}

/// Gives the story a place and a bridge with the ordinary configuration.
pub(crate) fn with_a_bridge(kind: Kind, story: impl AsyncFnOnce(&Bridge)) {
    in_a_place(kind, async |place: &Place| {
        let bridge = Bridge::start(place, Options::new()).await;
        story(&bridge).await;
    });
}

/// Makes every story a test per directory: `openldap::story`, `samba::story` and `ds389::story`, so that a failure names
/// the directory.
///
/// `stories` get a running [`Bridge`], `places` start their own in the [`Place`] they get.
macro_rules! both {
    ($(stories: [$($story:ident),* $(,)?])? $(places: [$($place:ident),* $(,)?])?) => {
        $crate::support::run::both!(@ openldap OpenLdap [$($($story)*)?] [$($($place)*)?]);
        $crate::support::run::both!(@ samba Samba [$($($story)*)?] [$($($place)*)?]);
        $crate::support::run::both!(@ ds389 Ds389 [$($($story)*)?] [$($($place)*)?]);
    };
    (@ $module:ident $kind:ident [$($story:ident)*] [$($place:ident)*]) => {
        mod $module {
            $(#[test]
            fn $story() {
                $crate::support::run::with_a_bridge($crate::support::Kind::$kind, super::$story);
            })*
            $(#[test]
            fn $place() {
                $crate::support::run::in_a_place($crate::support::Kind::$kind, super::$place);
            })*
        }
    };
}
pub(crate) use both;
