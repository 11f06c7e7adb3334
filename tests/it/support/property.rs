//! Laws, tried on many random values against a running bridge.

use std::cell::Cell;
use std::fmt::Debug;
use std::panic::AssertUnwindSafe;
use std::sync::Once;

use futures_util::FutureExt as _;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Checks a law on so many random values, or on as many as `PROPTEST_CASES` says, to hunt for longer. A value that
/// breaks it is made as simple as it can be while it still does, and then shown.
pub(crate) async fn for_all<S>(cases: u32, strategy: S, law: impl AsyncFn(S::Value))
where
    S: Strategy,
    S::Value: Debug + Clone,
{
    let cases = std::env::var("PROPTEST_CASES").map_or(cases, |text| {
        text.parse().expect("PROPTEST_CASES is a number")
    });
    let mut runner = TestRunner::default();
    for _ in 0..cases {
        let mut tree = strategy.new_tree(&mut runner).expect("a value");
        if holds(&law, tree.current()).await {
            continue;
        }
        let mut simplest = tree.current();
        let mut steps = 0;
        mute_the_search();
        SEARCHING.set(true);
        while steps < 60 && tree.simplify() {
            steps += 1;
            while !holds(&law, tree.current()).await {
                simplest = tree.current();
                steps += 1;
                if steps >= 60 || !tree.simplify() {
                    break;
                }
            }
            if !tree.complicate() {
                break;
            }
        }
        SEARCHING.set(false);
        // Once more, to show how it fails.
        eprintln!("the law does not hold for {simplest:?}");
        law(simplest.clone()).await;
        panic!("the law does not hold every time for {simplest:?}");
    }
}

thread_local! {
    /// Whether this thread's panics are only attempts of the search for the simplest value.
    static SEARCHING: Cell<bool> = const { Cell::new(false) };
}

/// While a simpler value is looked for, its failures are not worth a page each.
fn mute_the_search() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !SEARCHING.get() {
                loud(panic);
            }
        }));
    });
}

async fn holds<V>(law: &impl AsyncFn(V), value: V) -> bool {
    AssertUnwindSafe(law(value)).catch_unwind().await.is_ok()
}
