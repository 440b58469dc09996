"""`expect` as Playwright has it, at a quarter of its price while it waits.

After every look in vain at an element that is not there, Playwright describes the whole page for a
message that is shown only when time is up. To wait until it is there describes nothing.
"""

from playwright.sync_api import TimeoutError as OutOfTime
from playwright.sync_api import expect as expect_at_once

LONG = 20_000  # of a machine that does much besides; who passes waits for none
WITHOUT_AN_ELEMENT = ("not_", "to_be_hidden", "to_have_count")

expect_at_once.set_options(timeout=LONG)


def expect(locator):
    return Expected(locator)


class Expected:
    def __init__(self, locator):
        self.locator = locator

    def __getattr__(self, name):
        says = getattr(expect_at_once(self.locator), name)
        return says if name.startswith(WITHOUT_AN_ELEMENT) else self.once_attached(says)

    def to_be_visible(self):
        try:
            self.locator.wait_for(timeout=LONG)
        except OutOfTime:
            expect_at_once(self.locator).to_be_visible(timeout=1)  # says what there is instead

    def once_attached(self, says):
        def wait(*arguments):
            try:
                self.locator.wait_for(state="attached", timeout=LONG)
            except OutOfTime:
                says(*arguments, timeout=1)
            says(*arguments)

        return wait
