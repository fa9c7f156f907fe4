//! The response to a write is lost, late or a server error: what the write did is unknown.

use super::{Arrives, Case};

mod connections_that_break {
    use super::Case;

    cases! {
        closed_before_the_effect: Case::new().fault("post:1:drop-before");
        closed_after_the_effect: Case::new().fault("post:1:drop-after");
        closed_after_half_of_the_effect: Case::new().fault("post:1:drop-after,commit=half");
        closed_after_the_effect_created_at_from_a_clock_that_is_ahead: Case::new()
            .switch("created-ahead=7200")
            .fault("post:1:drop-after");
        reset_before_the_effect: Case::new().fault("post:1:reset-before");
        reset_after_the_effect: Case::new().fault("post:1:reset-after");
        reset_after_half_of_the_effect: Case::new().fault("post:1:reset-after,commit=half");
        response_cut_short: Case::new().fault("post:1:truncate");
        response_cut_short_half_done: Case::new().fault("post:1:truncate,commit=half");
        no_response_no_effect: Case::new().fault("post:1:stall").with("--timeout 1s");
        no_response_but_the_effect: Case::new().fault("post:1:stall-after").with("--timeout 1s");
        the_effect_comes_after_the_connection_is_gone: Case::new()
            .fault("post:1:late-commit=100ms");
        half_of_the_effect_comes_late: Case::new().fault("post:1:late-commit=100ms,commit=half");
        no_response_in_time_the_effect_later: Case::new()
            .fault("post:1:stall-after,late=1200ms")
            .with("--timeout 1s")
            .settle("2s");
        closed_after_the_effect_twice: Case::new()
            .with("--batch-size 6")
            .fault("post:1x2:drop-after");
        closed_after_the_effect_of_a_later_request: Case::new()
            .with("--batch-size 4")
            .fault("post:3:drop-after");
        every_other_response_is_lost: Case::new()
            .with("--batch-size 3")
            .fault("post:1:drop-after")
            .fault("post:3:reset-before")
            .fault("post:5:truncate");
        the_reads_fail_too: Case::new()
            .fault("post:1:drop-after")
            .fault("get:2:drop-before")
            .fault("get:3:status=503");
        the_same_write_is_lost_three_times: Case::new().fault("post:1x3:drop-before");
    }
}

mod servers_that_fail {
    use super::Case;

    cases! {
        status_500_nothing_done: Case::new().fault("post:1:status=500");
        status_500_half_done: Case::new().fault("post:1:status=500,commit=half");
        status_500_all_done: Case::new().fault("post:1:status=500,commit=all");
        status_502_nothing_done: Case::new().fault("post:1:status=502");
        status_502_half_done: Case::new().fault("post:1:status=502,commit=half");
        status_502_all_done: Case::new().fault("post:1:status=502,commit=all");
        status_503_nothing_done: Case::new().fault("post:1:status=503");
        status_503_half_done: Case::new().fault("post:1:status=503,commit=half");
        status_503_all_done: Case::new().fault("post:1:status=503,commit=all");
        status_520_nothing_done: Case::new().fault("post:1:status=520");
        status_520_half_done: Case::new().fault("post:1:status=520,commit=half");
        status_520_all_done: Case::new().fault("post:1:status=520,commit=all");
        status_520_with_a_page: Case::new()
            .switch("errors=html")
            .fault("post:1:status=520,commit=all");
        status_504_now_the_effect_later: Case::new()
            .fault("post:1:status=504,commit=all,late=100ms");
        status_504_now_half_of_it_later: Case::new()
            .fault("post:1:status=504,commit=half,late=100ms");
        status_408: Case::new().fault("post:1:status=408,commit=half");
        status_500_that_echoes_the_request: Case::new()
            .switch("errors=echo")
            .fault("post:1:status=500");
        status_500_with_a_page: Case::new()
            .switch("errors=html")
            .fault("post:1:status=500,commit=half");
        status_500_with_nothing: Case::new()
            .switch("errors=empty")
            .fault("post:1:status=500,commit=all");
    }
}

mod servers_that_ask_to_wait {
    use super::Case;

    cases! {
        status_429: Case::new().fault("post:1:status=429");
        status_429_wait_a_second: Case::new().fault("post:1:status=429,retry-after=1");
        status_429_wait_until_a_date: Case::new().fault("post:1:status=429,retry-after=date+1");
        status_429_until_a_date_that_is_past: Case::new()
            .fault("post:1:status=429,retry-after=Sun, 06 Nov 1994 08:49:37 GMT");
        status_429_wait_for_half_a_second: Case::new()
            .fault("post:1:status=429,retry-after=0.5")
            .prints("waiting 1 s");
        status_429_nonsense: Case::new().fault("post:1:status=429,retry-after=soon");
        status_429_reset_in_a_second: Case::new().fault("post:1:status=429,ratelimit-reset=1");
        status_429_reset_at_a_second_since_1970: Case::new()
            .fault("post:1:status=429,x-ratelimit-reset=epoch+1");
        status_429_reset_at_a_millisecond_since_1970: Case::new()
            .fault("post:1:status=429,x-ratelimit-reset=epoch-ms+1");
        status_429_reset_in_the_draft_header: Case::new()
            .fault("post:1:status=429,ratelimit=limit=10, remaining=0, reset=1");
        status_429_reset_in_the_header_of_newer_drafts: Case::new()
            .fault("post:1:status=429,commit=half,ratelimit=\"default\";r=0;t=1");
        status_429_three_times: Case::new().fault("post:1x3:status=429,retry-after=0");
        status_429_after_half_was_done: Case::new().fault("post:1:status=429,commit=half");
        status_429_for_the_read_as_well: Case::new()
            .fault("post:1:status=429")
            .fault("get:2:status=429");
        status_429_that_echoes_the_request: Case::new()
            .switch("errors=echo")
            .fault("post:1:status=429");
        status_503_wait_a_second: Case::new().fault("post:1:status=503,retry-after=1,commit=all");
    }
}

mod servers_that_limit_the_rate {
    use super::Case;

    fn limited() -> Case {
        Case::new()
            .switch("rate-limit=3/0.9")
            .with("--batch-size 4")
    }

    cases! {
        no_header: limited();
        seconds: limited().switch("rate-limit-header=retry-after");
        a_date: limited().switch("rate-limit-header=retry-after-date");
        a_reset: limited().switch("rate-limit-header=ratelimit-reset");
        a_reset_since_1970: limited().switch("rate-limit-header=x-ratelimit-reset");
        and_a_response_is_lost: limited().fault("post:2:drop-after");
    }
}

mod servers_that_never_recover {
    use super::{Arrives, Case};

    cases! {
        every_write_fails: Case::new().fault("post:1x*:status=503").arrives(Arrives::Nothing, 3);
        every_connection_breaks: Case::new()
            .fault("post:1x*:drop-before")
            .arrives(Arrives::Nothing, 3);
        status_429_forever: Case::new()
            .with("--max-wait 2500ms")
            .fault("post:1x*:status=429")
            .prints("as long as --max-wait allows")
            .arrives(Arrives::Nothing, 1);
        status_429_until_tomorrow: Case::new()
            .fault("post:1x*:status=429,retry-after=86400")
            .prints("asks to wait until 2")
            .arrives(Arrives::Nothing, 1);
        status_429_until_tomorrow_by_the_reset: Case::new()
            .fault("post:1x*:status=429,x-ratelimit-reset=epoch-ms+90000")
            .prints("asks to wait until 2")
            .arrives(Arrives::Nothing, 1);
        status_429_until_tomorrow_for_reads_as_well: Case::new()
            .fault("post:1x*:status=429,retry-after=86400")
            .fault("get:2x*:status=429,retry-after=86400")
            .prints("asks to wait until 2")
            .arrives(Arrives::Nothing, 3);
        status_503_until_tomorrow: Case::new()
            .fault("post:1x*:status=503,retry-after=86400")
            .prints("asks to wait until 2")
            .arrives(Arrives::Nothing, 3);
    }
}
