"""What the harness costs besides the requests themselves, and what a whole run takes. Run: python bench/conform.py"""

from __future__ import annotations

import os
import sys
import time

from lifecycle import Lifecycle
from lifecycle.conform.embedded import Embedded, embedded
from lifecycle.conform.judge import Judge
from lifecycle.conform.run import Run
from lifecycle.conform.session import Session
from lifecycle.conform.target import Request, Subject
from lifecycle.conform.tour import Limits

STEPS = 4_000
REQUESTS = int(os.environ.get("LIFECYCLE_BENCH_REQUESTS", "6000"))


def judged(nova: Lifecycle) -> float:
    """The time of judged requests by the time of the same requests that nobody judges."""
    target = Embedded(nova)
    subject, judge = Subject(target), Judge(nova, target.knows)
    session = Session(judge, subject, "admin")
    image, version = target.fields["imageRef"], "2.104"
    new = {"server": {"name": "a", "flavorRef": "1", "imageRef": image, "networks": "auto"}}
    assert session.create(judge.asked(Request("create", body=new, caller="member", microversion=version))) is None
    assert session.settle() is None
    asked = [
        judge.asked(Request(name, body={name: None}, caller=caller, microversion=version))
        for name in ("os-start", "unpause", "resume", "unrescue")
        for caller in ("admin", "member", "reader", "stranger")
    ]
    for one in asked:
        assert session.ask(one) is None
    took = {True: 0.0, False: 0.0}
    for number in range(STEPS):
        one = asked[number % len(asked)]
        for judging in (True, False):
            began = time.process_time()
            if judging:
                session.ask(one)
            else:
                target.act(str(session.id), one.request)
            took[judging] += time.process_time() - began
    return took[True] / took[False]


def whole(nova: Lifecycle) -> tuple[int, float, float]:
    """Requests of a run, its seconds of this processor, and the part of them in the requests."""
    run = Run(nova, "the embedded service", Limits(requests=REQUESTS))
    run.histories = 0
    began = time.process_time()
    report = run.over(embedded(nova, {}))
    assert report.exit_code == 0, [finding.title for finding in report.failing]
    return report.requests, time.process_time() - began, report.waited


def main() -> None:
    """Prints the ratios."""
    nova = Lifecycle.load("compute", reading="nova")
    ratio = judged(nova)
    print(f"a judged request takes {ratio:.2f} times what the request alone takes")
    requests, seconds, _ = whole(nova)
    print(f"{requests:,} requests of a run in {seconds:.1f} s of this processor, {requests / seconds:,.0f} a second")
    sys.exit(0 if ratio < 2 else 1)  # noqa: PLR2004 - far from what it is


if __name__ == "__main__":
    main()
