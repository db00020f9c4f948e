/** The whole look of the page, allowed by its hash in the page's CSP: no file, no font and no script from anywhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1c2127; --quiet: #5b6672; --line: #dfe3e8; --paper: #ffffff; --panel: #f6f7f9; --accent: #0b5cad;
  --get: #0b6e4f; --post: #0b5cad; --put: #8a5200; --bad: #a3262a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e7eb; --quiet: #9aa5b1; --line: #2c343d; --paper: #14181d; --panel: #1b2027; --accent: #7cb7f5;
    --get: #5fcf9f; --post: #7cb7f5; --put: #e3b063; --bad: #f08a8d;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1.5rem; }
body {
  margin: 0; color: var(--ink); background: var(--paper);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  display: grid; grid-template-columns: 17rem minmax(0, 1fr);
}
nav {
  position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 2rem 1.25rem;
  background: var(--panel); border-right: 1px solid var(--line); font-size: .875rem;
}
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1.25rem; top: .5rem; z-index: 1; padding: .1rem .5rem; background: var(--paper); }
nav .name { font-weight: 650; font-size: 1.05rem; display: block; color: var(--ink); }
nav .version { color: var(--quiet); display: block; margin-bottom: 1.25rem; }
nav h2 {
  font-size: .72rem; letter-spacing: .06em; text-transform: uppercase; color: var(--quiet);
  border: 0; margin: 1.25rem 0 .35rem; padding: 0;
}
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { margin: .15rem 0; }
nav a { color: var(--ink); }
main { padding: 2.5rem 3rem 6rem; max-width: 62rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .75rem; }
h2 { font-size: 1.35rem; margin: 3.25rem 0 .5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 0; font-weight: 600; }
p { margin: .5rem 0; max-width: 46rem; }
.quiet { color: var(--quiet); }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace; font-size: .86em; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; overflow-x: auto; }
section.card { border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; padding: 1rem 1.25rem; }
section.card:target, tr:target { outline: 2px solid var(--accent); outline-offset: 2px; }
.route { display: flex; flex-wrap: wrap; gap: .35rem .7rem; align-items: baseline; }
.route code { font-size: .92rem; overflow-wrap: anywhere; }
.verb { font: 700 .72rem/1 ui-monospace, Menlo, Consolas, monospace; letter-spacing: .04em; min-width: 2.6rem; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); }
.tag { font-size: .74rem; color: var(--quiet); border: 1px solid var(--line); border-radius: 99px; padding: .05rem .55rem; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0 0; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: .78rem; }
th, td { padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; }
td:first-child, td code { white-space: nowrap; }
td:first-child { width: 7rem; }
td:nth-child(2):not(:last-child) { width: 9rem; }
.status { font-variant-numeric: tabular-nums; }
.bad { color: var(--bad); }
details { margin-top: .6rem; font-size: .9rem; }
summary { cursor: pointer; color: var(--quiet); }
@media (max-width: 54rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); }
  main { padding: 1.5rem 1.25rem 4rem; }
  table { display: block; overflow-x: auto; }
  td:first-child, td:nth-child(2):not(:last-child) { width: auto; }
  td:first-child, td code { white-space: normal; }
}
`;
