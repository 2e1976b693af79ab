"""page.py FOLDER [STEP]: drives the page of a started service through a browser; what it found goes to standard output as JSON.

FOLDER/case.json says where the service is and which codes there are. With AKASHI_SCREENSHOTS=DIR the page's states are
drawn to files there as well.
"""

import json
import os
import sys
import traceback

from PIL import Image

from browser import Browser, Keys, camera_picture
from gate import Gate

STEPS = []


def step(function):
    STEPS.append(function)
    return function


class Page:
    def __init__(self, folder):
        self.folder = folder
        with open(f"{folder}/case.json") as file:
            self.case = json.load(file)
        self.codes = self.case["codes"]
        camera_picture(f"{folder}/code.png", f"{folder}/camera.mjpeg")
        Image.new("RGB", (64, 64), "white").save(f"{folder}/empty.png")
        self.gate = Gate(self.case["url"])
        self.browser = Browser(self.gate, folder)

    def close(self):
        self.browser.close()
        self.gate.close()


def valid(page, b):
    b.until_state("valid")
    text = b.answer_text
    assert "有効" in text and "Valid" in text and page.case["name"] in text, text
    assert "無効" not in text and "見本 SAMPLE" not in text, text


@step
def a_scanned_code_is_valid(page, b):
    b.open()
    b.wedge(page.codes["valid"])
    valid(page, b)
    text = b.answer_text
    for expected in page.case["expected"] + ["旅券・本人確認書類の", "Compare name, birth date and document number"]:
        assert expected in text, (expected, text)
    assert b.focused == "answer-title"
    assert "code.png" not in b.driver.current_url and b.driver.current_url == page.gate.url


@step
def a_scan_never_presses_the_button_that_has_the_focus(page, b):
    for selector in ["#camera", "#check", "#file"]:
        b.open()
        b.js("""
            window.pressed = 0;
            addEventListener("click", () => { window.pressed += 1; }, { capture: true });
            document.querySelector(arguments[0]).focus();""", selector)
        b.wedge(page.codes["spaces"])
        valid(page, b)
        assert b.js("return window.pressed") == 0, selector
    # On an answer the button for the next check has it.
    asked = len(page.gate.asked)
    b.js("document.querySelector('#next').focus()")
    b.wedge(page.codes["broken"])
    b.until_state("invalid")
    assert len(page.gate.asked) == asked + 1 and b.js("return window.pressed") == 0


@step
def a_scan_into_the_field_is_read_alone(page, b):
    b.open()
    b.find("#text").click()
    b.wedge(page.codes["spaces"])
    valid(page, b)
    assert b.js("return document.querySelector('#text').value") == ""


@step
def pasted_text_is_checked(page, b):
    b.open()
    b.paste(page.codes["valid"])
    valid(page, b)
    b.press(Keys.ESCAPE)
    b.until_state("ready")
    b.find("#text").click()
    b.paste(page.codes["valid"])
    assert b.js("return document.querySelector('#text').value") == page.codes["valid"]
    b.find("#check").click()
    valid(page, b)


@step
def a_chosen_file_is_checked(page, b):
    b.open()
    for name, type in [("code.png", "image/png"), ("card.smart-health-card", "application/smart-health-card")]:
        b.find("#file").send_keys(f"{page.folder}/{name}")
        valid(page, b)
        assert page.gate.asked[-1] == type
        b.press(Keys.ESCAPE)
        b.until_state("ready")


@step
def a_dropped_file_is_checked(page, b):
    b.open()
    b.drop(f"{page.folder}/code.png")
    valid(page, b)
    # Onto an answer as well; what cannot be read is no verdict.
    b.drop(f"{page.folder}/case.json")
    b.until_state("unchecked")
    assert "page.file_unsupported" in b.answer_text
    b.drop(f"{page.folder}/camera.mjpeg")
    valid(page, b)


@step
def a_changed_code_is_not_valid(page, b):
    b.open()
    b.wedge(page.codes["broken"])
    b.until_state("invalid")
    text = b.answer_text
    assert "無効" in text and "Not valid" in text and "signature.invalid" in text, text
    assert "有効" not in text and page.case["name"] not in text and "旅券・本人確認書類の" not in text, text
    assert b.focused == "answer-title"


@step
def a_code_under_test_trust_is_a_sample(page, b):
    b.open()
    b.wedge(page.codes["test"])
    b.until_state("test")
    text = b.answer_text
    assert "見本" in text and "SAMPLE" in text and "not a real one" in text, text
    assert "有効" not in text and "Valid" not in text, text


@step
def what_is_no_vaccination_is_valid_and_never_green(page, b):
    b.open()
    b.wedge(page.codes["recovery"])
    b.until_state("other")
    text = b.answer_text
    assert "接種証明ではありません" in text and "Not a vaccination certificate" in text, text
    assert "A certificate of recovery" in text and not b.driver.find_elements("css selector", ".badge.valid"), text
    assert "有効" not in text, text


@step
def the_codes_of_one_sheet_are_judged_together(page, b):
    b.open()
    b.paste(page.codes["valid"] + "\n" + page.codes["seal"])
    valid(page, b)
    assert len(b.driver.find_elements("css selector", ".certificate")) == 2
    for sheet in [("valid", "other"), ("seal", "broken")]:
        b.press(Keys.ESCAPE)
        b.until_state("ready")
        b.paste("\n".join(page.codes[name] for name in sheet))
        b.until_state("invalid")
        text = b.answer_text
        assert ("sheet.disagrees" if "other" in sheet else "signature.invalid") in text, text
        assert "有効" not in text and not b.driver.find_elements("css selector", ".badge.valid"), text
        # Nothing on the sheet is painted in the colour of a valid one.
        green = b.js("""
            const probe = document.body.appendChild(document.createElement("p"));
            probe.className = "badge valid";
            const colour = getComputedStyle(probe).backgroundColor;
            probe.remove();
            return [...document.querySelectorAll("#answer, #answer *")].filter((one) => {
                const style = getComputedStyle(one);
                return [style.backgroundColor, style.color].includes(colour);
            }).length""")
        assert green == 0


@step
def parts_of_a_long_card_are_gathered(page, b):
    b.open()
    digits = page.codes["valid"].removeprefix("shc:/")
    middle = len(digits) // 4 * 2
    asked = len(page.gate.asked)
    b.wedge(f"shc:/2/2/{digits[middle:]}")
    b.until(lambda: "1 of 2 codes read" in b.find("#parts").text, "one part is there")
    assert b.state == "ready" and len(page.gate.asked) == asked
    b.wedge(f"shc:/1/2/{digits[:middle]}")
    valid(page, b)


@step
def an_answer_goes_before_the_next_check_begins(page, b):
    b.open()
    b.wedge(page.codes["valid"])
    valid(page, b)
    held = page.gate.hold()
    b.wedge(page.codes["broken"])
    b.until(held.arrived.is_set, "the service has answered")
    assert b.state == "checking"
    assert page.case["name"] not in b.everything and "有効" not in b.answer_text
    held.release()
    b.until_state("invalid")


@step
def a_late_answer_is_dropped(page, b):
    b.open()
    late = page.gate.hold()
    b.wedge(page.codes["valid"])
    b.until(late.arrived.is_set, "the first check was answered")
    b.wedge(page.codes["broken"])
    b.until_state("invalid")
    late.release()
    # A third check's answer comes behind the late one.
    again = page.gate.hold()
    b.js("window.seen = []; new MutationObserver(() => window.seen.push(document.body.dataset.state))"
         ".observe(document.body, { attributes: true })")
    b.wedge(page.codes["broken"])
    b.until(again.arrived.is_set, "the third check was answered")
    again.release()
    b.until_state("invalid")
    assert "valid" not in b.js("return window.seen"), b.js("return window.seen")
    # Also after everything was cleared.
    cleared = page.gate.hold()
    b.wedge(page.codes["valid"])
    b.until(cleared.arrived.is_set, "the check was answered")
    b.press(Keys.ESCAPE)
    b.until_state("ready")
    cleared.release()
    b.wedge(page.codes["broken"])
    b.until_state("invalid")
    assert "valid" not in b.js("return window.seen"), b.js("return window.seen")


@step
def without_the_service_nothing_is_said_about_a_code(page, b):
    b.open()
    b.wedge(page.codes["valid"])
    valid(page, b)
    page.gate.is_gone = True
    try:
        b.wedge(page.codes["valid"])
        b.until_state("unchecked")
    finally:
        page.gate.is_gone = False
    text = b.answer_text
    assert "確認できませんでした" in text and "Could not be checked" in text and "page.no_answer" in text, text
    assert "有効" not in text and "無効" not in text and page.case["name"] not in b.everything
    b.wedge(page.codes["valid"])
    valid(page, b)


@step
def an_empty_picture_is_no_verdict(page, b):
    b.open()
    b.find("#file").send_keys(f"{page.folder}/empty.png")
    b.until_state("unchecked")
    assert "scan.no_code" in b.answer_text


SENTENCE = {"code": "x.y", "message": "English", "messageJapanese": "日本語"}
VALID = {"verdict": "valid", "test": False, "caution": False, "reasons": [], "warnings": [], "subject": "vaccination",
         "holder": {"name": "見本"}}


@step
def an_answer_that_is_not_as_promised_is_no_verdict(page, b):
    b.open()
    for answer in [
        {}, [], None, "valid", {"overall": "valid"}, {"overall": "valid", "verdicts": []},
        {"overall": "valid", "verdicts": [{"verdict": "valid"}]},
        {"overall": "green", "caution": False, "verdicts": [VALID]},
        {"overall": "valid", "caution": False, "verdicts": [VALID, VALID | {"verdict": "invalid", "reasons": [SENTENCE]}]},
        {"overall": "valid", "caution": False, "verdicts": [VALID | {"test": True}]},
        {"overall": "valid", "caution": False, "verdicts": [VALID | {"reasons": [SENTENCE]}]},
        {"overall": "invalid", "caution": False, "verdicts": [VALID]},
        {"overall": "valid", "verdicts": [VALID]},
        {"overall": "valid", "caution": False, "verdicts": [VALID | {"caution": True}]},
        {"overall": "valid", "caution": True, "verdicts": [VALID]},
        {"overall": "valid", "caution": False, "verdicts": [{key: VALID[key] for key in VALID if key != "caution"}]},
    ]:
        page.gate.answers = {"/v1/verify": answer}
        try:
            b.paste("a text")
            b.until_state("unchecked")
        finally:
            page.gate.answers = {}
        assert "page.answer_malformed" in b.answer_text, answer
        b.press(Keys.ESCAPE)
        b.until_state("ready")
    # What a certificate says is text, whatever it holds.
    page.gate.answers = {"/v1/verify": {"overall": "valid", "caution": False, "verdicts": [
        VALID | {"holder": {"name": "<img src=x onerror=alert(1)>"}, "issuer": "<script>1</script>"}]}}
    try:
        b.paste("a text")
        b.until_state("valid")
    finally:
        page.gate.answers = {}
    assert "<img src=x onerror=alert(1)>" in b.answer_text and "<script>1</script>" in b.answer_text


@step
def what_was_checked_with_old_data_is_never_green(page, b):
    b.open()
    page.gate.answers = {"/v1/verify": {"overall": "valid", "caution": True, "verdicts": [
        VALID | {"caution": True, "warnings": [SENTENCE | {"code": "revocation.data_old"}]}]}}
    try:
        b.paste("a text")
        b.until_state("caution")
    finally:
        page.gate.answers = {}
    text = b.answer_text
    assert "古い情報" in text and "may have been revoked" in text and "revocation.data_old" in text, text
    for scheme in ["light", "dark"]:
        b.look(360, 740, scheme)
        assert all(ratio >= 4.5 for _, ratio in b.contrasts())
    b.look()


@step
def what_is_amiss_with_the_trust_folder_is_said(page, b):
    b.open()
    assert b.find("#notices").text == ""
    trust = {"isEmpty": True, "stale": True, "failure": SENTENCE, "refused": [{"path": "a", "code": "b"}],
             "counts": {"files": 1, "shc": 1, "dcc": 0, "vdsnc": 0, "test": 0},
             "ages": [SENTENCE | {"code": f"trust.{n}"} for n in range(3)], "moreAges": 4}
    page.gate.answers = {"/v1/trust": trust}
    try:
        b.open()
    finally:
        page.gate.answers = {}
    b.until(lambda: "trust.empty" in b.find("#notices").text, "the notices are there")
    text = b.find("#notices").text
    assert "x.y" in text and "trust.files_refused" in text and "7 things" in text and "trust.2" not in text, text
    b.js("document.querySelector('summary').focus()")
    b.press(Keys.ENTER)
    b.until(lambda: "trust.2" in b.find("#notices").text, "the list opens")
    for scheme in ["light", "dark"]:
        b.look(360, 740, scheme)
        assert all(ratio >= 4.5 for _, ratio in b.contrasts())
        assert b.js("return document.documentElement.scrollWidth") <= 360
    # A scan is taken there too.
    b.look()
    b.js("document.querySelector('summary').focus()")
    b.wedge(page.codes["spaces"])
    valid(page, b)
    assert b.js("return document.querySelector('details').open")


@step
def an_answer_goes_after_a_minute(page, b):
    b.open()
    b.wedge(page.codes["valid"])
    valid(page, b)
    b.js("window.skew = 20000")
    b.until(lambda: 0 < countdown(b) <= 40, "the line counts down")
    assert b.state == "valid"
    b.find("#longer").click()
    b.until(lambda: countdown(b) > 40, "the time starts again")
    b.js("window.skew = 80001")
    b.until_state("ready")
    assert page.case["name"] not in b.everything
    b.open(page.gate.url + "?clear=300")
    b.wedge(page.codes["broken"])
    b.until_state("invalid")
    b.until(lambda: countdown(b) > 60, "another time was asked for")


def countdown(b):
    digits = "".join(c for c in b.js("return document.querySelector('#countdown [lang=ja]')?.textContent ?? ''")
                     if c.isdigit())
    return int(digits or 0)


@step
def the_keyboard_alone_is_enough(page, b):
    b.open()
    for _ in range(20):
        b.press(Keys.TAB)
        if b.focused == "text":
            break
    assert b.focused == "text"
    b.press("abc")
    b.press(Keys.TAB)
    assert b.focused == "check"
    b.press(Keys.SPACE)
    b.until_state("invalid")
    assert "format.unknown" in b.answer_text and b.focused == "answer-title"
    b.press(Keys.TAB)
    assert b.focused == "next"
    b.press(Keys.ENTER)
    b.until_state("ready")
    assert b.focused == "title"


@step
def the_camera_finds_a_code_and_stops(page, b):
    b.open()
    b.find("#camera").click()
    valid(page, b)
    assert page.gate.asked[-1] == "image/jpeg"
    assert b.js("return document.querySelector('#video').srcObject") is None
    # By Escape as well, while it still looks.
    b.press(Keys.ESCAPE)
    b.until_state("ready")
    held = page.gate.hold()
    b.find("#camera").click()
    b.until(held.arrived.is_set, "a frame was asked about")
    asked = len(page.gate.asked)
    assert "カメラを止める" in b.find("#camera").text
    b.press(Keys.ESCAPE)
    held.release()
    b.until(lambda: "カメラを使う" in b.find("#camera").text, "the camera is off")
    assert b.js("return document.querySelector('#video').srcObject") is None
    b.wedge(page.codes["broken"])
    b.until_state("invalid")
    assert len(page.gate.asked) == asked + 1


@step
def where_the_browser_forbids_the_camera_the_page_says_why(page, b):
    b.open(f"http://page.test:{page.gate.port}/")
    assert not b.js("return isSecureContext")
    b.find("#camera").click()
    b.until_state("unchecked")
    assert "https://" in b.answer_text and "page.camera_insecure" in b.answer_text


def states(page, b):
    """Each state of the page in turn, entered anew."""
    b.open()
    yield "start"
    for name, text in [
        ("valid", page.codes["seal"]), ("invalid", page.codes["broken"]), ("test", page.codes["test"]),
        ("sheet", page.codes["valid"] + "\n" + page.codes["seal"]),
        ("disagreeing", page.codes["valid"] + "\n" + page.codes["other"]),
        ("unchecked", "\n".join(["x"] * 65)),
    ]:
        b.press(Keys.ESCAPE)
        b.until_state("ready")
        b.paste(text)
        b.until_state({"sheet": "valid", "disagreeing": "invalid"}.get(name, name))
        yield name


@step
def every_state_can_be_read_by_everybody(page, b):
    icons = {}
    for name in states(page, b):
        b.drain()
        for width, height in [(1280, 900), (360, 740)]:
            for scheme in ["light", "dark"]:
                b.look(width, height, scheme)
                contrasts = b.contrasts()
                assert len(contrasts) > 8
                for text, ratio in contrasts:
                    assert ratio >= 4.5, (name, width, scheme, text, ratio)
                if target := os.environ.get("AKASHI_SCREENSHOTS"):
                    b.shot(f"{target}/{name}-{width}-{scheme}.png")
            wide = b.js("return [document.documentElement.scrollWidth, innerWidth]")
            assert wide[0] <= wide[1] == width, (name, wide)
        tree = b.tree()
        roles = [role for role, _ in tree]
        assert {"banner", "main", "contentinfo", "status"} <= set(roles), (name, roles)
        for role, text in tree:
            if role in ("button", "textbox", "region", "article", "heading", "table", "Video"):
                assert text.strip(), (name, role)
        if name in ("valid", "test"):
            rows = b.js("return document.querySelectorAll('tbody tr').length")
            assert roles.count("columnheader") == 4 and roles.count("rowheader") == rows > 0, name
        # What a person is told by colour stands there as a sign and in words too.
        icons[name] = b.js("return [document.querySelector('#answer-icon').innerHTML,"
                           " document.querySelector('#answer-title').textContent]")
        languages = b.js("""
            return [...document.querySelectorAll("main [lang=ja], main [lang=en]")]
                .filter((one) => one.lang === "en" ? /[\\u3040-\\u30ff\\u4e00-\\u9fff]/.test(one.textContent)
                    : !/[\\u3040-\\u30ff\\u4e00-\\u9fff]/.test(one.textContent)).map((one) => one.textContent)""")
        assert languages == [], (name, languages)
        b.look()
    for part in (0, 1):
        assert len({icons[name][part] for name in ("valid", "invalid", "test", "unchecked")}) == 4


@step
def who_wants_no_movement_sees_none(page, b):
    b.open()
    moving = "return document.getAnimations().filter((one) => one.playState === 'running').length"
    assert b.js(moving) > 0
    b.look(motion="reduce")
    b.until(lambda: b.js(moving) == 0, "nothing moves")


@step
def nothing_is_kept_and_nobody_else_is_asked(page, b):
    b.open()
    length = b.js("return history.length")
    b.wedge(page.codes["valid"])
    valid(page, b)
    kept = b.driver.execute_async_script("""
        const done = arguments[0];
        Promise.all([indexedDB.databases(), caches.keys()]).then(([a, c]) => done(
            [localStorage.length, sessionStorage.length, document.cookie.length, a.length, c.length]))""")
    assert kept == [0, 0, 0, 0, 0], kept
    assert b.js("return history.length") == length
    # Neither does the way back bring an answer again.
    b.driver.get("about:blank")
    b.driver.back()
    b.until_state("ready")
    assert page.case["name"] not in b.everything
    b.drain()
    ours = (page.gate.url, f"http://page.test:{page.gate.port}/", "blob:", "data:", "about:")
    # The browser's own empty tab is none of the page's.
    others = [url for url in b.requests if not url.startswith((*ours, "chrome://"))]
    assert any(url.endswith("/v1/verify") for url in b.requests)
    assert others == [], others
    # Refusals by the service are noted as failures of the network; one header asks for https and is then left out.
    bad = [
        entry for entry in b.console
        if not (entry["source"] == "network" and "/v1/verify" in entry["message"])
        and not ("page.test" in entry["message"] and "Cross-Origin-Opener-Policy" in entry["message"])
    ]
    assert bad == [], bad


def main(folder, only=""):
    passed, failures = [], []
    page = Page(folder)
    try:
        for one in STEPS:
            name = one.__name__.replace("_", " ")
            if only not in name:
                continue
            try:
                one(page, page.browser)
                passed.append(name)
            except Exception as error:
                failures.append({"name": name, "detail": "".join(traceback.format_exception(error))[-1500:]})
                page.gate.is_gone = False
                page.gate.answers = {}
    finally:
        page.close()
    json.dump({"passed": passed, "failures": failures}, sys.stdout, ensure_ascii=False)


main(*sys.argv[1:])
