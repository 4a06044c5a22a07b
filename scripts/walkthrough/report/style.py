"""The look of the page: one serif voice for the story, one plain one for figures, two colours for the two regimes."""

from scripts.walkthrough.report.style_pictures import PICTURES

LIGHT = """
  --paper: #fbfaf7; --raised: #f3f1eb; --ink: #1a1c1f; --soft: #5a6068; --thin: #d9d6cd; --band: #f3f1ea;
  --pooled: #b5470b; --segregated: #1a5c9e; --gap: #1a5c9e14;
  --eth: #777d86; --sol: #17786d; --xag: #8d6a0c;
  --paid: #56616d; --deleveraged: #7c4a97; --unpaid: #b0203a;
"""

DARK = """
  --paper: #14171a; --raised: #1e2226; --ink: #e9e7e1; --soft: #a4aab1; --thin: #363b41; --band: #1a1e22;
  --pooled: #f0935a; --segregated: #77b2ee; --gap: #77b2ee1f;
  --eth: #98a0aa; --sol: #55bfae; --xag: #d3ad4e;
  --paid: #93a0ad; --deleveraged: #c095da; --unpaid: #f0788a;
"""

PAGE = """
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI",
  "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums lining-nums }
main, header, footer { max-width: 1088px; margin: 0 auto; padding: 0 24px }
h1, h2, .standfirst { font-family: Georgia, "Times New Roman", "Liberation Serif", serif; text-wrap: balance }
header { padding-top: 40px }
.kicker { border-top: 4px solid var(--ink); padding-top: 10px; margin: 0 0 18px; font-size: 14px; color: var(--soft) }
h1 { font-size: clamp(27px, 4vw, 42px); line-height: 1.16; font-weight: 600; letter-spacing: -.01em; margin: 0 0 18px;
  max-width: 26em }
.standfirst { font-size: 19px; line-height: 1.5; max-width: 44em; margin: 0 0 18px; text-wrap: pretty }
.regimes { display: grid; gap: 4px 32px; margin: 0 0 12px; padding: 0; font-size: 15px; list-style: none;
  grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)) }
.regimes li { border-top: 3px solid; padding-top: 6px }
.regimes span { color: var(--soft) }
nav { font-size: 14px; color: var(--soft); margin-top: 22px; display: flex; flex-wrap: wrap; gap: 4px 18px }
nav a { color: inherit; text-underline-offset: 3px; text-decoration-color: var(--thin) }
section { margin-top: 64px }
h2 { font-size: 26px; line-height: 1.2; font-weight: 600; margin: 0 0 6px; border-top: 1px solid var(--ink);
  padding-top: 12px }
h3 { font-size: 14px; font-weight: 600; color: var(--soft); margin: 14px 0 6px }
p.lead { margin: 0 0 18px; color: var(--soft); max-width: 46em }
.quiet, .count, .note { color: var(--soft) }
figure { margin: 0 }
figcaption { font-size: 15px; line-height: 1.35; margin-bottom: 6px }
figcaption span { color: var(--soft); font-size: 14px }
.grid { display: grid; gap: 30px 40px }
.two { grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)) }
.three figure { display: grid; grid-template-rows: subgrid; grid-row: span 3; row-gap: 4px }
.three figcaption span { display: block }
.three { grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)) }
.two svg { max-width: 460px }
.narrow { display: none }
ul { margin: 0; padding: 0; list-style: none }
li { padding: 7px 0; border-top: 1px solid var(--thin) }
.overall li::first-letter { text-transform: uppercase }
.plain { max-width: 46em }
.acts { display: grid; gap: 0 40px; margin: 10px 0 0; padding: 0 0 0 1.3em; font-size: 14px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)) }
.acts li { padding: 3px 0 3px 4px; border: 0 }
.acts b { font-weight: 500 }
.acts span { color: var(--soft); white-space: nowrap }
.key { font-size: 14px; color: var(--soft); margin: 14px 0 0 }
.key span { white-space: nowrap; margin-right: 14px; display: inline-block }
.pooled { color: var(--pooled) }
.segregated { color: var(--segregated) }
code, pre { font: 14px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace }
pre { background: var(--raised); padding: 12px 16px; overflow-x: auto }
a:focus-visible, svg:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--ink);
  outline-offset: 2px }
details { margin-top: 12px; font-size: 14px }
summary { color: var(--soft); cursor: pointer }
footer { margin-top: 64px; padding-bottom: 48px; font-size: 14px; color: var(--soft) }
"""

TABLES = """
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: 15px }
th, td { text-align: right; padding: 7px 0 7px 18px; border-top: 1px solid var(--thin); vertical-align: baseline;
  font-weight: 400 }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
thead th, thead td { border-top: 0; font-size: 14px; color: var(--soft); vertical-align: bottom; white-space: nowrap }
thead th.pooled { color: var(--pooled); font-weight: 600 }
thead th.segregated { color: var(--segregated); font-weight: 600 }
th.group { font-size: 14px; font-weight: 600; color: var(--soft); padding-top: 22px; border-top: 0 }
.verdict { font-size: 14px; width: 8.5em }
.verdict.pooled::before, .verdict.segregated::before { content: ""; display: inline-block; width: 8px; height: 8px;
  border-radius: 50%; background: currentColor; margin-right: 7px }
.neither, .clients td:last-child { color: var(--soft) }
details table { font-size: 14px; width: auto }
details th, details td { white-space: nowrap; padding-block: 4px }
.clients { font-size: 14px }
.clients small { display: block; font: 400 13px/1.3 system-ui, sans-serif; color: var(--soft); max-width: 19em }
.clients tbody th { font-weight: 600 }
.clients td, .clients th:not(:first-child) { padding-left: 14px }
.clients td { white-space: nowrap }
.mini { display: inline-block; width: 122px; height: 16px; vertical-align: -3px }
.percent { display: inline-block; min-width: 4.6em }
.events { font-size: 14px; line-height: 1.45 }
.events { table-layout: fixed }
.events th, .events td { text-align: left; padding-left: 16px; vertical-align: top; overflow-wrap: break-word }
.events th:first-child, .events td:first-child { padding-left: 0; width: 1.8em }
.events th:nth-child(2) { width: 7.4em } .events th:nth-child(3) { width: 35% } .events th:nth-child(5) { width: 20% }
.events th:last-child { width: 7em }
.events p { margin: 2px 0 0; color: var(--soft); max-width: 36em }
.events .when { white-space: nowrap }
.events .n { color: var(--soft) }
.events .source { color: var(--soft); font-size: 13px }
.events tr:target > td { background: var(--raised) }
.key .event, td .event { display: inline-block; min-width: 20px; height: 20px; border-radius: 10px; text-align: center;
  font: 600 12px/18px system-ui, sans-serif; border: 1px solid var(--ink); color: var(--ink); text-decoration: none }
.key .sure, td .sure { background: var(--ink); color: var(--paper) }
.key .weak, td .weak { border-style: dashed; color: var(--soft); border-color: var(--soft) }
"""

SIZES = """
@media screen and (max-width: 700px) {
  body { font-size: 15px }
  main, header, footer { padding: 0 16px }
  header { padding-top: 20px }
  .standfirst { font-size: 17px }
  section { margin-top: 48px }
  h2 { font-size: 23px }
  .wide { display: none } .narrow { display: block }
  th, td { padding-left: 10px; font-size: 13.5px }
  .swatches span, .key span { white-space: normal }
  .beside, .beside thead, .beside tbody { display: block }
  .beside tr { display: grid; grid-template-columns: 1fr 1fr 6.6em; border-top: 1px solid var(--thin); padding: 6px 0 }
  .beside tr > * { border: 0; padding: 0 0 0 8px }
  .beside tbody th { grid-column: 1 / -1; padding-left: 0; color: var(--soft) }
  .beside thead td { display: none }
  .beside .group { padding-top: 18px; color: var(--ink) }
  .verdict { width: auto; font-size: 13px }
  .clients, .clients tbody { display: block }
  .clients thead { display: none }
  .clients tr { display: grid; grid-template-columns: repeat(12, 1fr); padding: 10px 0;
    border-top: 1px solid var(--thin) }
  .clients tr > :is(td, th:first-child) { border: 0; padding: 2px 0; text-align: left }
  .clients th:first-child { grid-column: 1 / -1 } .clients small { max-width: none }
  .clients td::before { content: attr(data-head); display: block; color: var(--soft); font-size: 12px }
  .clients td { grid-column: span 3 } .clients td:nth-child(-n + 4) { grid-column: span 4 }
  .clients td:nth-child(5) { grid-column: 1 / -1 }
  .events, .events tbody, .events tr, .events td { display: block }
  .events thead { display: none }
  .events tr { border-top: 1px solid var(--thin); padding: 12px 0 12px 34px; position: relative }
  .events td { border: 0; padding: 0; max-width: none !important }
  .events .n { position: absolute; left: 0; top: 12px }
  .events .figure { margin-top: 4px }
  .events td:last-child { position: absolute; right: 0; top: 10px }
}
@media screen and (max-width: 960px), print {
  .wide svg .tick, .wide svg .act, .wide svg .note { font-size: 15px }
  .wide svg .name { font-size: 16px }
}
@media print {
  body { font-size: 10.5pt }
  nav, details { display: none }
  section { margin-top: 28pt }
  figure, tr, li, .key { break-inside: avoid }
  h2, h3, .lead { break-after: avoid }
  .scroll { overflow: visible } .clients { font-size: 8.5pt } .clients small { font-size: 8pt }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact }
}
"""

STYLE = (
    f":root {{ color-scheme: light dark; {LIGHT} }}\n"
    f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}"
    f"{PAGE}{TABLES}{PICTURES}{SIZES}"
)
