// Frames of a camera, asked about one at a time until one shows a code.
import { Unchecked } from "./service.js";

const interval = 250;

export class Camera {
    #stream = null;
    #run = 0;
    #asking = null;

    constructor(video) { this.video = video; }

    get isOn() { return this.#stream !== null; }

    /**
     * Starts the camera and hands frames to `ask(blob, signal)`, never two at once, until that gives true.
     * Throws `Unchecked` where there is no camera for this page.
     */
    async start(ask, failed) {
        this.stop();
        const run = this.#run;
        if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) {
            throw new Unchecked(
                "page.camera_insecure", "カメラは https:// か localhost で開いた画面だけで使えます。",
                "Browsers allow the camera only on pages opened by https:// or on localhost.");
        }
        let stream;
        try {
            stream = await navigator.mediaDevices.getUserMedia({
                audio: false,
                video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } },
            });
        } catch (error) {
            throw refusal(error);
        }
        if (run !== this.#run) {
            for (const track of stream.getTracks()) track.stop();
            return;
        }
        this.#stream = stream;
        stream.getVideoTracks()[0]?.addEventListener("ended", () => {
            if (run === this.#run) failed(refusal());
        });
        this.video.srcObject = stream;
        this.#watch(run, ask, failed);
    }

    async #watch(run, ask, failed) {
        const canvas = document.createElement("canvas");
        try {
            await this.video.play();
            while (run === this.#run) {
                const [width, height] = [this.video.videoWidth, this.video.videoHeight];
                if (width > 0 && height > 0) {
                    canvas.width = width;
                    canvas.height = height;
                    canvas.getContext("2d").drawImage(this.video, 0, 0);
                    const frame = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
                    if (run !== this.#run) return;
                    this.#asking = new AbortController();
                    if (frame && await ask(frame, this.#asking.signal)) return;
                }
                await new Promise((done) => setTimeout(done, interval));
            }
        } catch (error) {
            if (run === this.#run) failed(error instanceof Unchecked ? error : refusal(error));
        }
    }

    /** Ends the camera; what was asked and not yet answered is dropped. */
    stop() {
        this.#run += 1;
        this.#asking?.abort();
        this.#asking = null;
        for (const track of this.#stream?.getTracks() ?? []) track.stop();
        this.#stream = null;
        this.video.srcObject = null;
    }
}

function refusal(error) {
    if (error?.name === "NotAllowedError") {
        return new Unchecked(
            "page.camera_refused", "カメラの使用が許可されていません。ブラウザーの設定で許可してください。",
            "The camera was not allowed. Allow it in the browser’s settings.");
    }
    return new Unchecked("page.camera_missing", "使えるカメラがありません。", "There is no camera that can be used.");
}
