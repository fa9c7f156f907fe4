//! The response to a write is lost, late or a server error: what the write did is unknown.

use super::{Arrives, Case, check_all};

#[test]
fn connections_that_break() {
    check_all(&[
        Case::new("closed before the effect").fault("post:1:drop-before"),
        Case::new("closed after the effect").fault("post:1:drop-after"),
        Case::new("closed after half of the effect").fault("post:1:drop-after,commit=half"),
        Case::new("closed after the effect, created_at from a clock that is ahead")
            .switch("created-ahead=7200")
            .fault("post:1:drop-after"),
        Case::new("reset before the effect").fault("post:1:reset-before"),
        Case::new("reset after the effect").fault("post:1:reset-after"),
        Case::new("reset after half of the effect").fault("post:1:reset-after,commit=half"),
        Case::new("response cut short").fault("post:1:truncate"),
        Case::new("response cut short, half done").fault("post:1:truncate,commit=half"),
        Case::new("no response, no effect")
            .fault("post:1:stall")
            .with("--timeout 1s"),
        Case::new("no response, but the effect")
            .fault("post:1:stall-after")
            .with("--timeout 1s"),
        Case::new("the effect comes after the connection is gone")
            .fault("post:1:late-commit=100ms"),
        Case::new("half of the effect comes late").fault("post:1:late-commit=100ms,commit=half"),
        Case::new("no response in time, the effect later")
            .fault("post:1:stall-after,late=1200ms")
            .with("--timeout 1s")
            .settle("2s"),
        Case::new("closed after the effect, twice")
            .with("--batch-size 6")
            .fault("post:1x2:drop-after"),
        Case::new("closed after the effect of a later request")
            .with("--batch-size 4")
            .fault("post:3:drop-after"),
        Case::new("every other response is lost")
            .with("--batch-size 3")
            .fault("post:1:drop-after")
            .fault("post:3:reset-before")
            .fault("post:5:truncate"),
        Case::new("the reads fail too")
            .fault("post:1:drop-after")
            .fault("get:2:drop-before")
            .fault("get:3:status=503"),
        Case::new("the same write is lost three times").fault("post:1x3:drop-before"),
    ]);
}

#[test]
fn servers_that_fail() {
    check_all(&[
        Case::new("500, nothing done").fault("post:1:status=500"),
        Case::new("500, half done").fault("post:1:status=500,commit=half"),
        Case::new("500, all done").fault("post:1:status=500,commit=all"),
        Case::new("502, nothing done").fault("post:1:status=502"),
        Case::new("502, half done").fault("post:1:status=502,commit=half"),
        Case::new("502, all done").fault("post:1:status=502,commit=all"),
        Case::new("503, nothing done").fault("post:1:status=503"),
        Case::new("503, half done").fault("post:1:status=503,commit=half"),
        Case::new("503, all done").fault("post:1:status=503,commit=all"),
        Case::new("520, nothing done").fault("post:1:status=520"),
        Case::new("520, half done").fault("post:1:status=520,commit=half"),
        Case::new("520, all done").fault("post:1:status=520,commit=all"),
        Case::new("520 with a page")
            .switch("errors=html")
            .fault("post:1:status=520,commit=all"),
        Case::new("504 now, the effect later").fault("post:1:status=504,commit=all,late=100ms"),
        Case::new("504 now, half of it later").fault("post:1:status=504,commit=half,late=100ms"),
        Case::new("408").fault("post:1:status=408,commit=half"),
        Case::new("500 that echoes the request")
            .switch("errors=echo")
            .fault("post:1:status=500"),
        Case::new("500 with a page")
            .switch("errors=html")
            .fault("post:1:status=500,commit=half"),
        Case::new("500 with nothing")
            .switch("errors=empty")
            .fault("post:1:status=500,commit=all"),
    ]);
}

#[test]
fn servers_that_ask_to_wait() {
    check_all(&[
        Case::new("429").fault("post:1:status=429"),
        Case::new("429, wait a second").fault("post:1:status=429,retry-after=1"),
        Case::new("429, wait until a date").fault("post:1:status=429,retry-after=date+1"),
        Case::new("429, until a date that is past")
            .fault("post:1:status=429,retry-after=Sun, 06 Nov 1994 08:49:37 GMT"),
        Case::new("429, wait for half a second")
            .fault("post:1:status=429,retry-after=0.5")
            .prints("waiting 1 s"),
        Case::new("429, nonsense").fault("post:1:status=429,retry-after=soon"),
        Case::new("429, reset in a second").fault("post:1:status=429,ratelimit-reset=1"),
        Case::new("429, reset at a second since 1970")
            .fault("post:1:status=429,x-ratelimit-reset=epoch+1"),
        Case::new("429, reset at a millisecond since 1970")
            .fault("post:1:status=429,x-ratelimit-reset=epoch-ms+1"),
        Case::new("429, reset in the draft header")
            .fault("post:1:status=429,ratelimit=limit=10, remaining=0, reset=1"),
        Case::new("429, reset in the header of newer drafts")
            .fault("post:1:status=429,commit=half,ratelimit=\"default\";r=0;t=1"),
        Case::new("429 three times").fault("post:1x3:status=429,retry-after=0"),
        Case::new("429 after half was done").fault("post:1:status=429,commit=half"),
        Case::new("429 for the read as well")
            .fault("post:1:status=429")
            .fault("get:2:status=429"),
        Case::new("429 that echoes the request")
            .switch("errors=echo")
            .fault("post:1:status=429"),
        Case::new("503, wait a second").fault("post:1:status=503,retry-after=1,commit=all"),
    ]);
}

#[test]
fn servers_that_limit_the_rate() {
    let limited = |name| {
        Case::new(name)
            .switch("rate-limit=3/0.9")
            .with("--batch-size 4")
    };
    check_all(&[
        limited("no header"),
        limited("seconds").switch("rate-limit-header=retry-after"),
        limited("a date").switch("rate-limit-header=retry-after-date"),
        limited("a reset").switch("rate-limit-header=ratelimit-reset"),
        limited("a reset since 1970").switch("rate-limit-header=x-ratelimit-reset"),
        limited("and a response is lost").fault("post:2:drop-after"),
    ]);
}

#[test]
fn servers_that_never_recover() {
    check_all(&[
        Case::new("every write fails")
            .fault("post:1x*:status=503")
            .arrives(Arrives::Nothing, 3),
        Case::new("every connection breaks")
            .fault("post:1x*:drop-before")
            .arrives(Arrives::Nothing, 3),
        Case::new("429 forever")
            .with("--max-wait 2500ms")
            .fault("post:1x*:status=429")
            .prints("as long as --max-wait allows")
            .arrives(Arrives::Nothing, 1),
        Case::new("429 until tomorrow")
            .fault("post:1x*:status=429,retry-after=86400")
            .prints("asked to wait 24 h 0 min, until 2")
            .arrives(Arrives::Nothing, 1),
        Case::new("429 until tomorrow, by the reset")
            .fault("post:1x*:status=429,x-ratelimit-reset=epoch-ms+90000")
            .prints("asked to wait 25 h 0 min, until 2")
            .arrives(Arrives::Nothing, 1),
        Case::new("429 until tomorrow, for reads as well")
            .fault("post:1x*:status=429,retry-after=86400")
            .fault("get:2x*:status=429,retry-after=86400")
            .prints("asked to wait 24 h 0 min, until 2")
            .arrives(Arrives::Nothing, 3),
        Case::new("503 until tomorrow")
            .fault("post:1x*:status=503,retry-after=86400")
            .prints("asked to wait 24 h 0 min, until 2")
            .arrives(Arrives::Nothing, 3),
    ]);
}
