//! The bound holds: no loss is noticed later than was stated when the drive was lost,
//! whatever the rules, whoever forgets or lies, and whether a program runs or not.

use media_custody::ops::simulate::{Chance, Noticed, lose, random, regimes, simulate};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn no_loss_is_noticed_later_than_stated(seed in any::<u64>()) {
        let mut chance = Chance::new(seed, 0);
        let regime = random(&mut chance);
        let loss = lose(&regime, &mut chance).expect("sound rules");
        prop_assert!(loss.how != Noticed::Never, "{regime:?}: {loss:?}");
        prop_assert!(loss.late <= loss.excused, "{regime:?}: {loss:?}");
    }
}

#[test]
fn the_table_says_what_each_way_of_keeping_drives_is_worth() {
    let report = simulate(7, 300, &regimes()).expect("a simulation");
    assert_eq!(report, simulate(7, 300, &regimes()).expect("again"), "the same seed");
    let row = |name: &str| report.rows.iter().find(|row| row.regime == name).expect("a row");
    let (yearly, own) = (row("yearly handover only"), row("monthly self-inspection"));
    // Nothing but the need for it shows a loss, and nothing states a bound.
    assert_eq!((yearly.by_handover, yearly.stated, yearly.by_check), (300, None, 0));
    assert!(yearly.longest > 300.0 && yearly.median > 100.0, "{yearly:?}");
    assert!(own.longest > 100.0 && own.stated.is_none(), "{own:?}");
    for name in ["default policy", "weekly, for sensitive data", "cabinet"] {
        let row = row(name);
        assert!(row.by_check > 0 && row.by_bound > 0 && row.late == 0, "{row:?}");
        assert_eq!(row.refused > 0, name != "cabinet", "the holder's own checks: {row:?}");
    }
    let wrong = row("default policy, wrong clock");
    assert!(wrong.late == 0 && wrong.longest > 38.0 && wrong.longest < 58.0, "{wrong:?}");
    assert!(wrong.refused > row("default policy").refused, "{wrong:?}");
    let unseen = row("default policy, nobody looks");
    assert_eq!((unseen.by_bound, unseen.late, unseen.by_check), (300, 0, 0));
}

#[test]
fn the_page_has_the_table_that_the_command_makes() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/detection.md");
    let page = std::fs::read_to_string(page).expect("docs/detection.md");
    let report = simulate(1, 2_000, &regimes()).expect("a simulation");
    let table = media_custody::render::text::simulation(&report);
    assert!(page.contains(table.trim_end()), "docs/detection.md is not made by:\n{table}");
}
