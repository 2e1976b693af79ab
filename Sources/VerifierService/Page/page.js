// The page of `verifier serve`: takes what is read, asks the service, shows the answer, and forgets it.
import * as answer from "./answer.js";
import { Camera } from "./camera.js";
import { Clearing } from "./clearing.js";
import { both, byId, say } from "./dom.js";
import { typed } from "./files.js";
import * as notices from "./notices.js";
import { Parts } from "./parts.js";
import { Unchecked, verify } from "./service.js";
import * as wedge from "./wedge.js";

/** The check that counts; every answer to an earlier one is dropped. */
let current = null;
const parts = new Parts();
const camera = new Camera(byId("video"));
const clearing = new Clearing(
    (seconds) => byId("countdown").replaceChildren(both(
        `この表示は ${seconds} 秒後に消えます。`, `This answer disappears in ${seconds} s.`)),
    () => next());

/** Takes everything away that an earlier check left, and gives the one that now counts. */
function begin() {
    current?.abort();
    current = new AbortController();
    clearing.stop();
    stopCamera();
    byId("text").value = "";
    byId("file").value = "";
    showParts();
    return current;
}

/** Runs one check: `prepare` gives `{type, body}`. */
async function check(prepare) {
    const own = begin();
    answer.showChecking();
    try {
        const { type, body } = await prepare();
        const found = await verify(type, body, own.signal);
        if (own !== current) return;
        answer.showVerdicts(found);
    } catch (reason) {
        if (own !== current) return;
        showUnchecked(reason);
    }
    clearing.start();
}

function showUnchecked(reason) {
    answer.showUnchecked(reason instanceof Unchecked ? reason : new Unchecked(
        "page.failed", "この画面の中で失敗しました。読み込み直してください。", "This page failed. Load it again."));
}

function checkText(text) {
    const whole = parts.add(text);
    if (whole === null) {
        begin();
        answer.clear();
        showParts();
        byId("scan-title").scrollIntoView({ block: "nearest" });
        return;
    }
    check(async () => ({ type: "text/plain", body: whole }));
}

function checkFiles(files) {
    parts.clear();
    check(async () => {
        if (files.length !== 1) {
            throw new Unchecked(
                "page.one_file", "ファイルは一つずつ確認してください。", "Check one file at a time.");
        }
        return await typed(files[0]);
    });
}

/** Everything back to the start: by the button, by Escape, after the time, and when the page is left. */
function next() {
    begin();
    current = null;
    parts.clear();
    showParts();
    answer.clear();
    say("準備ができました。", "Ready.");
    byId("title").focus({ preventScroll: true });
}

function showParts() {
    const line = byId("parts");
    line.hidden = parts.count === 0;
    line.replaceChildren();
    if (parts.count === 0) return;
    const words = [
        `${parts.count} 個のうち ${parts.present} 個を読み取りました。続きのコードも読み取ってください。`,
        `${parts.present} of ${parts.count} codes read. Scan the others too.`,
    ];
    line.append(both(...words));
    say(...words);
}

// The camera.

function stopCamera() {
    camera.stop();
    byId("viewfinder").hidden = true;
    byId("camera").replaceChildren(both("カメラを使う", "Use the camera"));
}

async function startCamera() {
    const own = begin();
    answer.clear();
    const failed = (reason) => {
        if (own !== current) return;
        stopCamera();
        showUnchecked(reason);
        clearing.start();
    };
    try {
        byId("camera").replaceChildren(both("カメラを止める", "Stop the camera"));
        await camera.start(async (frame, signal) => {
            let found;
            try {
                found = await verify("image/jpeg", frame, signal);
            } catch (reason) {
                if (["scan.no_code", "service.busy", "scan.timed_out"].includes(reason.code)) return false;
                throw reason;
            }
            if (own !== current) return true;
            // Half of what belongs together in the picture is no answer yet.
            if (found.verdicts.some((one) => one.reasons.some((reason) => reason.code === "shc.parts_missing"))) {
                say("コードをすべて写してください。", "Bring all codes into the picture.");
                return false;
            }
            stopCamera();
            answer.showVerdicts(found);
            clearing.start();
            return true;
        }, failed);
        if (own === current && camera.isOn) {
            byId("viewfinder").hidden = false;
            say("カメラを使っています。", "The camera is on.");
        }
    } catch (reason) {
        failed(reason);
    }
}

// What people do.

wedge.listen(checkText);

byId("check").addEventListener("click", () => checkText(byId("text").value));
byId("text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    checkText(byId("text").value);
});
byId("file").addEventListener("change", (event) => {
    const files = [...event.target.files];
    if (files.length > 0) checkFiles(files);
});
byId("camera").addEventListener("click", () => {
    if (camera.isOn) next();
    else startCamera();
});
byId("next").addEventListener("click", next);
byId("longer").addEventListener("click", () => clearing.start());

addEventListener("keydown", (event) => {
    if (event.key === "Escape") next();
});

// Pasted anywhere, a text is checked at once; in the field it can be completed first.
addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData("text/plain");
    if (text !== "" && event.target === byId("text")) return;
    event.preventDefault();
    if (text !== "") checkText(text);
    else if (files.length > 0) checkFiles(files);
});

const drop = byId("drop");
addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.hidden = false;
});
addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) drop.hidden = true;
});
addEventListener("drop", (event) => {
    event.preventDefault();
    drop.hidden = true;
    const files = [...event.dataTransfer.files];
    const text = event.dataTransfer.getData("text/plain");
    if (files.length > 0) checkFiles(files);
    else if (text !== "") checkText(text);
});

// Neither the browser's way back nor a hidden tab keeps an answer.
addEventListener("pagehide", next);
document.addEventListener("visibilitychange", () => {
    if (document.hidden && camera.isOn) next();
});

notices.watch();
