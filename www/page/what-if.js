/** The same text elsewhere, by others, for another goal: one thing changed at a time. */
import { html, nothing } from "lit";
import { verdictOf } from "../bsmv/element/verdict.js";
import { PLATFORMS, PRESETS } from "../pkg/constants.js";

/** @import { ElementSpeech } from "../bsmv/element/speech.js" */
/** @import { Refusal, Score, ScoreRequest } from "../bsmv/types.js" */
/** @import { PageSpeech } from "./strings.js" */

const FOLLOWERS = [100, 10_000, 1_000_000];

/** A change of the request, and what it comes to. @typedef {{ name: string, request: ScoreRequest, score?: Score | Refusal }} Case */

/**
 * The cases beside a request.
 *
 * @param {ScoreRequest} request
 * @param {PageSpeech} speech
 * @returns {Case[]}
 */
export function casesOf(request, speech) {
  // What happened to it on one platform didn't happen elsewhere, nor to others.
  const { graph: _, ...asked } = request;
  const { post } = asked;
  // What the last posts came to is known of the platform that they are on.
  const elsewhere = post.author && { ...post.author, recent: undefined };
  const author = (/** @type {number} */ followers) => ({ ...post.author, followers });
  return [
    ...PLATFORMS.filter((platform) => platform !== post.platform && platform !== "other").map(
      (platform) => ({
        name: speech.platform(platform),
        request: { ...asked, post: { ...post, platform, author: elsewhere } },
      }),
    ),
    ...FOLLOWERS.map((n) => ({
      name: speech.text("whatIfFollowers", { n: speech.count(n) }),
      request: { ...asked, post: { ...post, author: author(n) } },
    })),
    ...Object.entries(PRESETS).map(([name, weights]) => ({
      name: speech.labelled(speech.text("goal"), speech.textIfAny(name) ?? name),
      request: { ...asked, weights },
    })),
  ];
}

/**
 * @param {object} shown
 * @param {PageSpeech} shown.speech
 * @param {ElementSpeech} shown.scoreSpeech
 * @param {Case[]} shown.cases
 * @param {boolean} shown.stale whether they are of an older draft
 * @param {boolean} shown.ready whether there is a draft to compute them of
 * @param {() => void} shown.onRun
 */
export function whatIf({ speech, scoreSpeech, cases, stale, ready, onRun }) {
  return html`<details class="card fold" id="what-if">
    <summary>${speech.text("whatIf")}</summary>
    <p class="hint">${speech.text("whatIfNote")}</p>
    <button type="button" ?disabled=${!ready} @click=${onRun}>${speech.text("whatIfRun")}</button>
    ${
      cases.length === 0
        ? nothing
        : html`<table ?data-stale=${stale}>
          <thead>
            <tr>
              <th scope="col"><span class="spoken">${speech.text("whatIf")}</span></th>
              <th scope="col" class="number">${scoreSpeech.text("score")}</th>
              <th scope="col" class="number">${speech.text("whatIfRange")}</th>
              <th scope="col"><span class="spoken">${scoreSpeech.text("score")}</span></th>
            </tr>
          </thead>
          <tbody>
            ${cases.map(
              ({ name, score }) => html`<tr>
                <th scope="row">${name}</th>
                <td class="number">${score?.bsmv == null ? "…" : speech.whole(score.bsmv)}</td>
                <td class="number">
                  ${score?.bsmv == null ? "" : `${speech.whole(score.interval.low)}–${speech.whole(score.interval.high)}`}
                </td>
                <td class="hint">${score?.bsmv == null ? "" : scoreSpeech.text(verdictOf(score.bsmv))}</td>
              </tr>`,
            )}
          </tbody>
        </table>`
    }
  </details>`;
}
