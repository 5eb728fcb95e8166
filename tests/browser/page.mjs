// Looks at the sandbox's page in a real browser, as a person does: at a desktop's width and at a
// phone's. `node page.mjs COMMAND CHROMIUM [SHOTS]`; with SHOTS it leaves pictures there.
import assert from "node:assert/strict";
import { spawn, execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const [command, browserPath, shots] = process.argv.slice(2);
const run = promisify(execFile);
const photo = "examples/products/coffee.png";
const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
const sizes = { desktop: { width: 1440, height: 1000 }, phone: { width: 390, height: 844 } };

/** Those that still run when something goes wrong. */
const servers = new Set();

async function startSandbox(...options) {
  const server = spawn(command, ["sandbox", "--port", "0", ...options], { stdio: ["ignore", "pipe", "inherit"] });
  servers.add(server);
  const [line] = await new Promise((ready, failed) => {
    createInterface(server.stdout).once("line", (line) => ready([line]));
    server.once("exit", (code) => failed(new Error(`the sandbox ended with ${code}`)));
  });
  return JSON.parse(line).url;
}

/** Has the command make a video with each provider, or with one. */
async function make(url, folder, name, ...more) {
  const target = ["--sandbox-url", url, "--ledger", "memory:", "--out", folder, "--overwrite", "--quiet"];
  await run(command, ["make", photo, "--name", name, ...target, ...more], { maxBuffer: 1 << 24 });
}

async function open(browser, url, size, colorScheme = "light") {
  const page = await browser.newPage({ viewport: sizes[size], deviceScaleFactor: size === "phone" ? 2 : 1, colorScheme });
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("console", (said) => said.type() === "error" && page.problems.push(said.text()));
  await page.goto(`${url}/_sandbox/`);
  return page;
}

async function fits(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.equal(over, 0, "nothing stands out of the page's width");
}

/** Plays a job's video and sees it move on. */
async function play(card) {
  const video = card.locator("video");
  await video.scrollIntoViewIfNeeded();
  const played = await video.evaluate(async (video) => {
    await video.play();
    await new Promise((later) => {
      video.ontimeupdate = () => video.currentTime > 0.5 && later();
    });
    return { width: video.videoWidth, height: video.videoHeight, seconds: video.duration };
  });
  assert.ok(played.width >= 360 && played.height > 0, JSON.stringify(played));
  assert.ok([10, 15].includes(Math.round(played.seconds)), JSON.stringify(played));
  return video;
}

async function look(browser, url, folder, size) {
  const page = await open(browser, url, size);
  await page.waitForFunction(() => document.querySelectorAll("#jobs video").length === 3);
  await fits(page);
  for (const provider of ["beatapi", "creatify", "jogg"]) {
    assert.equal(await page.locator(`.job .provider.${provider}`).count(), 1, provider);
  }
  const pictures = await page.locator(".pictures img").evaluateAll(async (images) => {
    await Promise.all(images.map((image) => ((image.loading = "eager"), image.decode())));
    return images.filter((image) => image.naturalWidth > 0).length;
  });
  assert.equal(pictures, 3, "each job shows the product's picture");
  const video = await play(page.locator(".job", { hasText: "Morning Roast" }).filter({ hasText: "JoggAI" }));

  // The clock is moved on, and the page shows it.
  const before = Date.parse(`${await page.locator("#clock").textContent()}Z`);
  await page.getByRole("button", { name: "+1 h" }).click();
  await page.waitForFunction((before) => Date.parse(`${document.getElementById("clock").textContent}Z`) >= before + 3600e3, before);
  await page.locator("details[id^=events-] summary").first().click();

  // A fault that is armed by hand and seen to happen.
  const form = page.locator("form.arm");
  await form.getByLabel("Fault").selectOption("server-error");
  await form.getByLabel("Provider").selectOption("beatapi");
  await form.getByLabel("Operation").fill("get_usage");
  await form.getByLabel("More").fill("status=503");
  await form.getByRole("button", { name: "Arm" }).click();
  const armed = page.locator("#armed li").filter({ hasText: "server-error" }).first();
  await armed.getByText("happened 0 times").waitFor();
  const usage = () => fetch(`${url}/v1/usage`, { headers: { authorization: "Bearer sk_test" } });
  assert.equal((await usage()).status, 503);
  await armed.getByText("happened 1 time").waitFor();
  await page.locator(".requests .row").first().getByText("server-error").waitFor();
  assert.equal((await usage()).status, 200);
  await armed.getByRole("button", { name: "Take back" }).click();
  await page.getByText("None is armed.").waitFor();

  // One that cannot be is refused in words.
  await form.getByLabel("More").fill("bytes=2");
  await form.getByRole("button", { name: "Arm" }).click();
  await page.getByRole("status").getByText("server-error has no bytes").waitFor();

  // A job that comes while the page is open.
  await make(url, folder, `${evil} ${size}`, "--provider", "jogg");
  await page.waitForFunction(() => document.querySelectorAll("#jobs video").length === 4);
  assert.equal(await page.title(), "adreel sandbox", "a name is shown and not carried out");
  assert.equal(await page.locator("h3").first().textContent(), `${evil} ${size}`);
  assert.ok(await video.evaluate((video) => video.currentTime > 0.5), "the player was left alone");
  assert.equal(await page.locator("details[open][id^=events-]").count(), 1, "and so was an open list");
  await fits(page);
  assert.deepEqual(page.problems, []);
  await page.close();
  console.log(`ok: ${size}`);
}

/** Without a script the page's forms lead back to it. */
async function withoutScript(browser, url) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${url}/`);
  await page.getByRole("button", { name: "lost-answer" }).click();
  await page.locator("#armed").getByText("lost-answer").waitFor();
  assert.equal(page.url(), `${url}/_sandbox/`);
  await context.close();
  console.log("ok: without a script");
}

async function main() {
  const folder = await mkdtemp(join(tmpdir(), "adreel-page-"));
  const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
  try {
    for (const size of Object.keys(sizes)) {
      const url = await startSandbox();
      await make(url, folder, "Morning Roast");
      await look(browser, url, folder, size);
      await withoutScript(browser, url);
    }
    if (shots) await takeShots(browser, folder);
  } finally {
    for (const server of servers) server.kill();
    await browser.close();
    await rm(folder, { recursive: true });
  }
}

/** Waits for every picture and poster. */
async function settle(page) {
  await page.evaluate(async () => {
    const addresses = [...document.querySelectorAll("img, video")].map((shown) => shown.poster ?? shown.src);
    for (const address of addresses) {
      const image = new Image();
      image.src = address;
      await image.decode();
    }
    const frame = () => new Promise(requestAnimationFrame);
    for (let frames = 0; frames < 30; frames += 1) await frame();
  });
}

/** The pictures of the README: some jobs of each kind, at both widths. */
async function takeShots(browser, folder) {
  const url = await startSandbox("--seed", "7");
  const arm = (fault) => fetch(`${url}/_sandbox/faults`, { method: "POST", body: JSON.stringify(fault) });
  const words = ["--description", "Small batch, dark and sweet.\nRoasted on Tuesdays.", "--price", "12.90 €"];
  await arm({ fault: "unknown-status", operation: "get_task" });
  await make(url, folder, "Morning Roast", ...words);
  await make(url, folder, "Evening Blend, slow and low", "--ratio", "16:9", "--provider", "beatapi", ...words);
  await arm({ fault: "job-fails", provider: "jogg", value: "The avatar could not be rendered." });
  await make(url, folder, "Decaf for late readers", "--provider", "jogg").catch(() => {});
  await arm({ fault: "lost-answer", operation: "create_ecommerce_video", skip: 1 });
  const desktop = await open(browser, url, "desktop");
  const phone = await open(browser, url, "phone", "dark");
  const waiting = make(url, folder, "Ristretto", "--provider", "beatapi");
  await desktop.locator(".job progress").waitFor();
  await settle(desktop);
  await desktop.screenshot({ path: join(shots, "sandbox.png") });
  await waiting;
  await phone.locator("#jobs video").nth(4).waitFor();
  await settle(phone);
  await phone.screenshot({ path: join(shots, "sandbox-phone.png") });
}

await main();
