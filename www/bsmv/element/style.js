import { css } from "lit";

/** Colours are custom properties, so that a page can set its own. */
export const STYLE = css`
  :host {
    --good: var(--bsmv-good, #14715f);
    --bad: var(--bsmv-bad, #a83c26);
    --none: var(--bsmv-none, #566364);
    --ink: var(--bsmv-ink, #1c2526);
    --quiet: var(--bsmv-quiet, #566364);
    --ground: var(--bsmv-ground, #f6f7f7);
    --panel: var(--bsmv-panel, #ffffff);
    --line: var(--bsmv-line, #d5dcdc);
    --edge: var(--bsmv-edge, #7b8889);
    --band: var(--bsmv-band, #82979b);
    --error: var(--bsmv-error, #fbeae6);
    display: block;
    color: var(--ink);
    line-height: 1.5;
  }

  @media (prefers-color-scheme: dark) {
    :host {
      --good: var(--bsmv-good, #5cc4aa);
      --bad: var(--bsmv-bad, #f0967c);
      --none: var(--bsmv-none, #a5b3b4);
      --ink: var(--bsmv-ink, #e6ecec);
      --quiet: var(--bsmv-quiet, #a5b3b4);
      --ground: var(--bsmv-ground, #14191a);
      --panel: var(--bsmv-panel, #1d2425);
      --line: var(--bsmv-line, #364142);
      --edge: var(--bsmv-edge, #7d8b8c);
      --band: var(--bsmv-band, #66787b);
      --error: var(--bsmv-error, #3a2520);
    }
  }

  :host([hidden]) {
    display: none;
  }

  * {
    box-sizing: border-box;
  }

  .spoken {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  .card {
    padding: 1rem clamp(0.9rem, 3vw, 1.5rem);
    background: var(--panel);
    border: 1px solid var(--line);
    border-radius: 0.75rem;
  }

  .card:not(.badge) {
    min-height: 8.5rem;
  }

  .card.badge {
    padding: 0.4rem 0.75rem;
  }

  [data-side="good"] {
    --side: var(--good);
  }

  [data-side="bad"] {
    --side: var(--bad);
  }

  [data-side="none"] {
    --side: var(--none);
  }

  .headline {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: 0 0.9rem;
    font-size: 1.125rem;
  }

  .headline .points {
    color: var(--side);
    font-size: 3.25rem;
    font-weight: 650;
    line-height: 1.1;
    font-variant-numeric: tabular-nums;
  }

  .badge .headline .points {
    font-size: 1.75rem;
  }

  .verdict {
    font-weight: 600;
  }

  svg.scale {
    display: block;
    width: 100%;
    max-height: 3rem;
    overflow: visible;
  }

  .track {
    fill: var(--ground);
    stroke: var(--edge);
  }

  .band {
    fill: var(--band);
  }

  .middle,
  .axis {
    stroke: var(--quiet);
    stroke-width: 2;
    vector-effect: non-scaling-stroke;
  }

  .marker {
    fill: var(--side);
    stroke: var(--panel);
    stroke-width: 3;
  }

  .hint {
    margin: 0.25rem 0;
    color: var(--quiet);
    font-size: 0.875rem;
  }

  .ticks {
    display: grid;
    grid-template-columns: 1fr auto 1fr;
    color: var(--quiet);
    font-size: 0.8rem;
  }

  .ticks :last-child {
    text-align: end;
  }

  .badge .ticks {
    display: none;
  }

  .range {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.4rem;
    min-height: 1.3rem;
  }

  h3,
  summary,
  caption {
    font-size: 0.95rem;
    font-weight: 600;
    text-align: start;
  }

  h3 {
    margin: 1rem 0 0.25rem;
  }

  summary {
    padding-block: 0.4rem;
    min-height: 1.75rem;
    cursor: pointer;
  }

  details {
    border-block-start: 1px solid var(--line);
  }

  details:first-of-type {
    margin-block-start: 1rem;
  }

  caption {
    padding-block: 0.75rem 0.25rem;
    font-weight: 600;
  }

  dl.words {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr));
    gap: 0.25rem 1.5rem;
    margin: 0.75rem 0 0;
  }

  dl.words > div {
    padding-block: 0.25rem;
    border-block-start: 1px solid var(--line);
    min-height: 4rem;
  }

  dt {
    color: var(--quiet);
    font-size: 0.875rem;
  }

  dd {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 0.6rem;
    margin: 0;
  }

  .dots {
    flex: none;
    width: 3.75rem;
    height: 0.75rem;
  }

  .on {
    fill: var(--ink);
    stroke: var(--ink);
  }

  .off {
    fill: none;
    stroke: var(--edge);
  }

  .reasons {
    min-height: 7.5rem;
  }

  .reasons h3 {
    margin-block-start: 0.75rem;
  }

  .sentence {
    margin: 0 0 0.25rem;
  }

  ul,
  ol {
    margin: 0.25rem 0;
    padding-inline-start: 1.2rem;
  }

  /* What is about an older draft fades, unless the answer to the newer one comes at once. */
  [data-stale] {
    opacity: 0.55;
    transition: opacity 0.2s 0.6s;
  }

  .phrases {
    padding: 0;
    list-style: none;
  }

  .phrases bdi {
    margin-inline-end: 0.5rem;
  }

  .plus {
    text-decoration: underline 2px var(--good);
    text-underline-offset: 0.25em;
  }

  .minus {
    text-decoration: underline wavy 1px var(--bad);
    text-underline-offset: 0.25em;
  }

  table {
    width: 100%;
    border-collapse: collapse;
    font-size: 0.9rem;
  }

  th {
    width: 34%;
    padding: 0.2rem 0;
    font-weight: 400;
    line-height: 1.3;
    text-align: start;
    overflow-wrap: anywhere;
  }

  td.cell {
    padding-inline: 0.75rem;
  }

  td.cell svg {
    display: block;
    width: 100%;
    height: 0.9rem;
  }

  rect.plus {
    fill: var(--good);
  }

  rect.minus {
    fill: var(--bad);
  }

  rect.neutral {
    fill: var(--none);
  }

  .number {
    width: 3.6rem;
    text-align: end;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }

  .curve {
    display: block;
    width: 100%;
    max-height: 9rem;
    border-block-end: 1px solid var(--quiet);
  }

  .curve path {
    fill: var(--band);
  }

  .curve circle {
    fill: var(--ink);
  }

  .curve text {
    fill: var(--panel);
    font-size: 0.8rem;
    font-weight: 600;
  }

  progress {
    width: 100%;
    accent-color: var(--good);
  }

  button {
    min-height: 2.25rem;
    padding: 0.3rem 0.9rem;
    color: inherit;
    font: inherit;
    background: var(--ground);
    border: 1px solid var(--edge);
    border-radius: 0.5rem;
    cursor: pointer;
  }

  .error {
    margin-block: 0.5rem;
    padding: 0.6rem 0.9rem;
    background: var(--error);
    border-inline-start: 4px solid var(--bad);
    border-radius: 0.25rem;
    overflow-wrap: anywhere;
  }

  .error p {
    margin: 0 0 0.5rem;
  }

  :focus-visible {
    outline: 3px solid var(--good);
    outline-offset: 2px;
  }

  button.bar,
  div.bar {
    display: none;
  }

  @media (max-width: 55.99rem) {
    button.bar,
    div.bar {
      position: fixed;
      z-index: 2;
      inset-inline: 0;
      bottom: 0;
      display: flex;
      align-items: center;
      gap: 0.6rem;
      width: 100%;
      min-height: 3.25rem;
      padding: 0.4rem 1rem calc(0.4rem + env(safe-area-inset-bottom));
      text-align: start;
      background: var(--panel);
      border: 0;
      border-block-start: 2px solid var(--side, var(--edge));
      border-radius: 0;
    }

    .bar .points {
      color: var(--side);
      font-size: 1.75rem;
      font-variant-numeric: tabular-nums;
    }

    .bar > :last-child:not(:first-child) {
      margin-inline-start: auto;
    }

    .bar progress {
      width: 40%;
    }

    .bar .bad,
    .bar.error strong {
      color: var(--bad);
    }
  }

  @media (prefers-reduced-motion: no-preference) {
    .marker {
      transition: cx 0.2s;
    }
  }

  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
    }
  }

  @media (forced-colors: active) {
    svg {
      forced-color-adjust: none;
    }

    .track,
    .off {
      fill: Canvas;
      stroke: CanvasText;
    }

    .band {
      fill: GrayText;
    }

    rect.plus,
    rect.minus,
    rect.neutral,
    .on,
    .curve path,
    .curve circle {
      fill: CanvasText;
      stroke: CanvasText;
    }

    .marker {
      fill: Highlight;
      stroke: CanvasText;
    }

    .middle,
    .axis {
      stroke: CanvasText;
    }

    .curve text {
      fill: Canvas;
    }
  }

  @media print {
    .bar {
      display: none !important;
    }

    .card {
      border: 0;
      padding: 0;
    }

    /* Paper can't be unfolded: what isn't counted belongs to the number, and a name alone says nothing. */
    details:not([open], [part="unseen"]) {
      display: none;
    }

    [part="unseen"]::details-content {
      block-size: auto;
      content-visibility: visible;
    }
  }
`;
