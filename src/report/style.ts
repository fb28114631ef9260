/** How the HTML looks; follows the reader's choice of light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1c2128; --dim: #57606a; --page: #fff; --panel: #f5f7f9; --line: #d5dbe1;
  --reference: #3b6ea8; --candidate: #c75a16; --good: #1a7f4b; --look: #9a6700; --bad: #c22f2f;
  --c0: #7a52b3; --c1: #1a7f74; --c2: #a3386c; --c3: #8a6d1f; --c4: #4f5b8f; --c5: #57606a; }
@media (prefers-color-scheme: dark) { :root { --text: #e3e7ec; --dim: #9aa4af; --page: #14181d; --panel: #1d2228;
  --line: #363d46; --reference: #76a9e3; --candidate: #f0934f; --good: #55c28a; --look: #e0b040; --bad: #ff7b72;
  --c0: #b79ae8; --c1: #5fc9bd; --c2: #e88ab8; --c3: #d9c06a; --c4: #9aa8e8; --c5: #9aa4af; } }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 78rem; margin: 0 auto; padding: 1rem 1.25rem 3rem; }
h1 { font-size: 1.5rem; margin: .5rem 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; border-top: 1px solid var(--line); padding-top: 1.2rem; }
h3 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; }
h4 { font-size: 1rem; margin: 1.6rem 0 .3rem; }
p, ul { margin: .4rem 0; }
code { font: .92em ui-monospace, monospace; background: var(--panel); padding: .05em .3em; border-radius: 3px; overflow-wrap: anywhere; }
.answer { list-style: none; padding: 0; }
.answer li { border-left: 5px solid; padding: .45rem .8rem; margin: .4rem 0; background: var(--panel); }
.answer .good { border-color: var(--good); } .answer .look { border-color: var(--look); } .answer .bad { border-color: var(--bad); font-weight: 600; }
.scroll { overflow-x: auto; margin: .7rem 0; }
table { border-collapse: collapse; font-size: .9rem; }
th { text-align: left; vertical-align: bottom; font-weight: 600; color: var(--dim); }
th, td { padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--line); max-width: 24rem; overflow-wrap: break-word; }
td code { overflow-wrap: break-word; }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; } th.n { white-space: normal; }
figure { display: inline-block; vertical-align: top; box-sizing: border-box; width: calc(50% - .3rem); min-width: min(100%, 32rem); margin: .8rem 0; padding-right: 1.5rem; } figcaption { font-weight: 600; font-size: .9rem; }
svg { display: block; width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--dim); }
.start { text-anchor: start; } .middle { text-anchor: middle; } .end { text-anchor: end; }
.grid { stroke: var(--line); stroke-width: 1; } .between { stroke: var(--dim); stroke-width: 2; }
.track { fill: var(--panel); } .whisker { stroke: var(--text); stroke-width: 1.5; }
polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
rect.reference, circle.reference { fill: var(--reference); } rect.candidate, circle.candidate { fill: var(--candidate); }
polyline.reference { stroke: var(--reference); } polyline.candidate { stroke: var(--candidate); }
polyline.c0 { stroke: var(--c0); } polyline.c1 { stroke: var(--c1); }
polyline.c2 { stroke: var(--c2); } polyline.c3 { stroke: var(--c3); } polyline.c4 { stroke: var(--c4); } polyline.c5 { stroke: var(--c5); }
circle.c0 { fill: var(--c0); } circle.c1 { fill: var(--c1); } circle.c2 { fill: var(--c2); } circle.c3 { fill: var(--c3); }
circle.c4 { fill: var(--c4); } circle.c5 { fill: var(--c5); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .82rem; color: var(--dim); margin: .2rem 0; }
.legend i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; background: var(--reference); }
.legend .candidate i { background: var(--candidate); } .legend .c0 i { background: var(--c0); } .legend .c1 i { background: var(--c1); } .legend .c2 i { background: var(--c2); }
.legend .c3 i { background: var(--c3); } .legend .c4 i { background: var(--c4); } .legend .c5 i { background: var(--c5); }
footer { margin-top: 3rem; color: var(--dim); font-size: .82rem; }
`;
