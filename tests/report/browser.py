"""A headless browser for the tests of the page, where one is installed.

Debian: `apt-get install chromium chromium-driver`; then `pytest tests/report/test_page.py`.
"""

import json
import shutil

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

OPTIONS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking")
PATIENCE = 300  # seconds; a busy machine is no fault
RESET = """
document.getElementById('filters').replaceChildren();
addFilter();
filter();
document.getElementById('axis-x').value = 'measured ' + data.targets.at(-1).name;
chooseTarget(0);
step('best');
"""


def start(width=1280, height=900):
    """A driver of Chromium; skips the test where there is none."""
    browser, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not (browser and driver):
        pytest.skip("needs chromium and chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for option in (*OPTIONS, f"--window-size={width},{height}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(driver))
    driver.command_executor.client_config.timeout = PATIENCE
    driver.set_page_load_timeout(PATIENCE)
    driver.set_script_timeout(PATIENCE)
    return driver


class Page:
    """An open report."""

    def __init__(self, driver, path):
        self.driver = driver
        driver.get(path.as_uri())
        self.wait(lambda: self.script("return document.body.dataset.ready"))

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def wait(self, until):
        return WebDriverWait(self.driver, PATIENCE, 0.05).until(lambda _: until())

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def select(self, selector, text):
        Select(self.find(selector)).select_by_visible_text(text)

    def click(self, selector):
        self.script("arguments[0].click()", self.find(selector))

    def type(self, selector, text):
        """Fill a field and leave it."""
        field = self.find(selector)
        self.script("arguments[0].value = arguments[1]", field, text)
        for event in ("input", "change"):
            self.script("arguments[0].dispatchEvent(new Event(arguments[1], {bubbles: true}))", field, event)

    def show(self, figure):
        """Scroll to a figure and draw it, if the page has not done so yet; its traces."""
        found = (
            "const div = document.getElementById(arguments[0]); div.scrollIntoView({behavior: 'instant'});"
        )
        self.script(found + "if (!div.fresh) draw(div);", f"figure-{figure}")
        return self.traces(figure)

    def reset(self):
        """All choices as after opening."""
        self.script(RESET)

    def traces(self, figure):
        keys = "['x', 'y', 'meta', 'text', 'type', 'base']"
        code = f"return document.getElementById(arguments[0]).data.map((t) => Object.fromEntries({keys}.map((k) => [k, t[k]])))"
        return self.script(code, f"figure-{figure}")

    def has(self, selector):
        try:
            return self.find(selector).is_displayed()
        except NoSuchElementException:
            return False

    def messages(self):
        """What the console says."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Addresses that were asked for."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
