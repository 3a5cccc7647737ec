extension HTML {
    /// The page follows the system's light or dark look.
    package static let style = """

        :root{color-scheme:light dark;--ink:#23262d;--soft:#6a7080;--paper:#faf9f6;--card:#fff;\
        --line:#e6e3dc;--accent:#0d8a80;--quiet:#a9aeb9;--second:#c2571a;\
        --third:#5b62c9;--good:#0d8a80;--bad:#b3362b}
        @media(prefers-color-scheme:dark){:root{--ink:#eceae5;--soft:#9ba1ad;--paper:#17181b;\
        --card:#212328;--line:#33363d;--accent:#3fbfb2;--quiet:#6d7380;\
        --second:#f0924f;--third:#99a0f5;--good:#3fbfb2;--bad:#f07d71}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);\
        font:17px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
        main{max-width:1080px;margin:0 auto;padding:56px 24px 96px}
        h1{font-size:44px;line-height:1.1;margin:0 0 12px;letter-spacing:-.02em}
        h2{font-size:23px;margin:56px 0 12px;letter-spacing:-.01em}
        h3{font-size:17px;margin:0 0 12px;display:flex;justify-content:space-between;gap:12px}
        h3 span{color:var(--accent);white-space:nowrap}
        p{margin:0 0 16px;max-width:65ch}
        .lead{font-size:20px;color:var(--soft)}
        em{font-style:normal;color:var(--accent);font-weight:600}
        small{color:var(--soft);font-size:13px}
        img{display:block;width:100%;height:auto;border-radius:10px}
        .strip{display:grid;grid-template-columns:repeat(auto-fit,minmax(120px,1fr));gap:12px;\
        margin-bottom:12px}
        .strip img{aspect-ratio:1;object-fit:cover}
        .strip.small{grid-template-columns:repeat(auto-fit,minmax(90px,1fr))}
        .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(310px,1fr));gap:20px}
        figure,.figure{margin:0;background:var(--card);border:1px solid var(--line);\
        border-radius:16px;padding:16px}
        .pair{display:grid;grid-template-columns:1fr 1fr;gap:10px}
        figcaption{margin-top:10px;font-weight:600}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(290px,1fr));gap:20px}
        .figure p{margin:12px 0 0;font-size:15px;color:var(--soft)}
        .bar{display:grid;grid-template-columns:52px 1fr;align-items:center;gap:8px;margin:6px 0}
        .track{position:relative;height:12px;border-radius:6px;background:var(--line)}
        .track b{position:absolute;inset:0 auto 0 0;border-radius:6px;background:var(--quiet)}
        .track.after b{background:var(--accent)}
        .track i{position:absolute;top:-4px;bottom:-4px;width:2px;background:var(--ink)}
        pre{margin:0 0 20px;padding:14px 16px;background:var(--card);border:1px solid var(--line);\
        border-radius:12px;overflow-x:auto;font:14px/1.5 ui-monospace,Menlo,Consolas,monospace;\
        white-space:pre-wrap}
        table{border-collapse:collapse;width:100%;font-size:15px}
        th,td{text-align:left;padding:8px 12px 8px 0;border-bottom:1px solid var(--line);\
        vertical-align:top}
        th{font-weight:500;color:var(--soft);width:38%}
        .chart{display:block;width:100%;height:auto;overflow:visible}
        .chart text{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
        .chart .grid{stroke:var(--line);stroke-width:1}
        .chart polyline{fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}
        .chart polyline.first{stroke:var(--accent)}
        .chart polyline.second{stroke:var(--second)}
        .chart polyline.third{stroke:var(--third)}
        .chart polyline.quiet{stroke:var(--quiet);stroke-dasharray:5 5}
        .chart polyline.noise{stroke:var(--quiet);stroke-width:1;opacity:.8}
        .chart circle{fill:var(--card);stroke-width:2}
        .chart circle.first{stroke:var(--accent)}
        .chart circle.second{stroke:var(--second)}
        .chart circle.third{stroke:var(--third)}
        .chart circle.quiet,.chart circle.noise{stroke:var(--quiet)}
        .chart circle.mark{fill:none;stroke:var(--ink);stroke-width:1.5}
        .chart line.mark{stroke:var(--ink);stroke-width:1;stroke-dasharray:2 4}
        .chart text.mark{fill:var(--ink);font-weight:600}
        .panel{background:var(--card);border:1px solid var(--line);border-radius:16px;\
        padding:22px 24px 16px;margin:0 0 20px}
        .panel h3{margin:0 0 4px;justify-content:flex-start;align-items:baseline}
        .panel h3 span{color:var(--soft);font-weight:400;font-size:14px}
        .panel>p{font-size:15px;color:var(--soft);margin:0 0 12px}
        .panel .chart+small{display:block;margin:14px 0 2px 62px}
        .panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:20px}
        .panels .panel{margin:0}
        .keys{display:flex;flex-wrap:wrap;gap:4px 20px;margin:0 0 10px;font-size:14px;\
        color:var(--soft)}
        .keys i{display:inline-block;width:18px;border-top:3px solid var(--accent);\
        margin-right:8px;vertical-align:middle}
        .keys i.quiet{border-top:2px dashed var(--quiet)}
        .kicker{font-size:14px;color:var(--soft);margin:0 0 10px}
        .verdict{font-size:21px;line-height:1.45;max-width:60ch;padding-left:18px;\
        border-left:4px solid var(--accent)}
        .verdict.bad{border-color:var(--bad)}
        .verdict.running{border-color:var(--third)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;\
        margin:32px 0 0}
        .tile{background:var(--card);border:1px solid var(--line);border-radius:14px;\
        padding:14px 16px}
        .tile b{display:block;font-size:23px;font-weight:600;letter-spacing:-.01em;\
        font-variant-numeric:tabular-nums;white-space:nowrap}
        .row{display:grid;grid-template-columns:84px 1fr;gap:16px;align-items:center;\
        margin:0 0 12px}
        .row>small{text-align:right;font-variant-numeric:tabular-nums}
        .row>div{display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:12px}
        .photos{display:grid;grid-template-columns:repeat(auto-fill,minmax(128px,1fr));\
        gap:18px 14px}
        .photos figure{background:none;border:0;padding:0;border-radius:0}
        .photos img{aspect-ratio:1;object-fit:cover}
        .photos figcaption{font-weight:400;font-size:13px;line-height:1.4;color:var(--soft);\
        margin-top:6px;overflow-wrap:anywhere}
        .photos .aside img{outline:3px solid var(--third);outline-offset:2px}
        .photos .aside b{color:var(--third);font-weight:600}
        td{overflow-wrap:anywhere}
        .file{margin:0 0 28px}
        .file h3{justify-content:flex-start;margin:0 0 8px;overflow-wrap:anywhere}
        .file p{margin:0 0 6px;font-size:15px;color:var(--soft)}
        .file pre{margin:0 0 12px;font-size:13px}
        @media(max-width:560px){.panels{grid-template-columns:1fr}.row{grid-template-columns:1fr}\
        .row>small{text-align:left}h1{font-size:34px}}

        """
}
