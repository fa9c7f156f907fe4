//! `schedule print`: the files as a user reads them, on standard output and in a folder.

use super::{CONFIG, print, with};

/// One file is printed as it is, two are told apart; what each holds is in `schedule_files`.
#[test]
fn for_every_backend() {
    let accounts = with(CONFIG);
    for (line, n_files) in [
        ("nightly --backend systemd", 2),
        ("cluster --backend cron", 1),
        ("cluster --backend kubernetes", 1),
        ("Cloud --backend github-actions", 1),
    ] {
        let run = print(&accounts, line).run();
        run.assert_code(0);
        assert_eq!(run.stderr, "");
        let n_made = run
            .stdout
            .matches("# Made by hookferry from [schedule.")
            .count();
        let n_lines = run.stdout.matches("######## file hookferry-").count();
        assert_eq!(
            (n_made, n_lines),
            (n_files, if n_files == 1 { 0 } else { n_files })
        );
    }
    assert_eq!(accounts.n_seen(), [0, 0]);
}

/// Where nobody names the config file, a workflow cannot know where it is in the repository.
#[test]
fn a_config_file_of_the_user_s_own() {
    let accounts = with("");
    accounts.write("config/hookferry/config.toml", CONFIG);
    let run = accounts
        .program("schedule print Cloud --backend github-actions")
        .run();
    run.assert_code(0);
    let line = "HOOKFERRY_CONFIG: \".github/hookferry/config.toml\"";
    assert!(run.stdout.contains(line), "{}", run.stdout);
    let run = accounts
        .program("schedule print Cloud --backend cron")
        .run();
    let line = "run-schedule Cloud --config [home]/config/hookferry/config.toml --quiet";
    assert!(run.stdout().contains(line), "{}", run.stdout());
}

#[test]
fn files_in_a_folder_replace_their_own_kind_and_nothing_else() {
    let accounts = with(CONFIG);
    let line = "nightly --backend systemd --out .";
    let run = print(&accounts, line).run();
    run.assert_code(0);
    assert_transcript!("out", run);
    let file = |name: &str| accounts.home().join(name);
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    let on_stdout = print(&accounts, "nightly --backend systemd").run().stdout;
    for name in ["hookferry-nightly.service", "hookferry-nightly.timer"] {
        assert!(on_stdout.contains(&read(name)), "{name}");
    }
    // Made anew from a config file that changed.
    accounts.write(super::FILE, &CONFIG.replace("03:17", "04:44"));
    print(&accounts, line).run().assert_code(0);
    assert!(read("hookferry-nightly.timer").contains("04:44:00 UTC"));
    // Somebody's own is not touched, nor is one of another schedule.
    for foreign in [
        "[Timer]\nOnCalendar=daily\n".to_owned(),
        read("hookferry-nightly.timer").replace("[schedule.nightly]", "[schedule.other]"),
    ] {
        accounts.write("hookferry-nightly.timer", &foreign);
        let run = print(&accounts, line).run();
        run.assert_code(1);
        assert!(run.stderr.contains("is not replaced"), "{}", run.stderr);
        assert_eq!(read("hookferry-nightly.timer"), foreign);
    }
    let run = print(&accounts, "nightly --backend systemd --out nowhere").run();
    run.assert_code(1);
}
