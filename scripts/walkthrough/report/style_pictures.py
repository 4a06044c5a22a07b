"""The look of the pictures: thin axes, quiet bands, and a colour only where it tells something apart."""

PICTURES = """
svg { display: block; width: 100%; height: auto; overflow: visible; touch-action: pan-y }
svg text { font-size: 12.5px; fill: var(--ink) }
svg .tick { fill: var(--soft); font-size: 12px }
svg .act { fill: var(--soft); font-size: 12px }
svg .name { font-size: 13.5px; font-weight: 600 }
svg .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round }
svg .note { fill: var(--soft); font-size: 12.5px }
.axis { stroke: var(--soft); stroke-width: 1 }
line.grid { stroke: var(--thin); stroke-width: 1 }
.base { stroke: var(--soft); stroke-width: 1 }
.moment { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 2 3 }
.band { fill: var(--band) }
.clear { fill: none; pointer-events: all }
.line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
.line.btc { stroke: var(--ink); stroke-width: 2.4 } svg .name.btc { fill: var(--ink) }
.line.eth { stroke: var(--eth) } svg .name.eth { fill: var(--eth) }
.line.sol { stroke: var(--sol) } svg .name.sol { fill: var(--sol) }
.line.xag { stroke: var(--xag) } svg .name.xag { fill: var(--xag) }
svg .name.pooled { fill: var(--pooled) } svg .name.segregated { fill: var(--segregated) }
.line.equity { stroke-width: 1.6 }
.line.maintenance { stroke-width: 1.2; stroke-dasharray: 2 3; stroke-linecap: butt }
.line.same { stroke: var(--ink); stroke-width: 1.2 }
.gap { fill: var(--gap) }
.area { stroke: currentColor; stroke-width: 1; fill: currentColor; fill-opacity: .25; stroke-linejoin: round }
.dot { fill: currentColor; stroke: var(--paper); stroke-width: 1.5 }
.strip { stroke: currentColor; stroke-width: 1; opacity: .35 }
circle.call { fill: var(--paper); stroke: currentColor; stroke-width: 1.3 }
circle.liquidation { fill: currentColor; stroke: var(--paper); stroke-width: .8 }
.cross { stroke: var(--ink); stroke-width: 1.8; fill: none }
circle.event { stroke: var(--ink); stroke-width: 1; fill: var(--paper) }
circle.event.sure { fill: var(--ink) }
circle.event.weak { stroke: var(--soft); stroke-dasharray: 2 2 }
svg .number { font-size: 9.5px; font-weight: 600 } svg .number.sure { fill: var(--paper) }
svg a:hover circle, svg a:focus circle { stroke-width: 2.5 }
.hang { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 2 }
.bar.pooled { fill: var(--pooled) } .bar.segregated { fill: var(--segregated) }
.bar.paid { fill: var(--paid) } .bar.deleveraged { fill: var(--deleveraged) } .bar.unpaid { fill: var(--unpaid) }
.bar.other { fill: var(--soft) }
svg .payer, svg .sum { font-size: 13px; paint-order: stroke; stroke: var(--paper); stroke-width: 5px }
.count { font-size: 13px; margin: 2px 0 0; line-height: 1.4 }
.count span { display: block }
.swatches span { margin-right: 18px; white-space: nowrap; display: inline-block }
.swatches { font-size: 14px; color: var(--soft); margin: 0 0 20px }
.swatches svg { display: inline-block; width: auto; height: 12px; vertical-align: -1px; margin-right: 6px }
.manners i { display: inline-block; width: 12px; height: 12px; margin-right: 6px; vertical-align: -1px }
.manners .paid { background: var(--paid) } .manners .deleveraged { background: var(--deleveraged) }
.manners .unpaid { background: var(--unpaid) }
.cross-hair { stroke: var(--ink); stroke-width: 1; pointer-events: none }
#read-out { position: absolute; pointer-events: none; background: var(--paper); border: 1px solid var(--ink);
  font-size: 13px; line-height: 1.45; padding: 6px 10px; white-space: nowrap; z-index: 1 }
#read-out b, #read-out span { display: block }
#read-out .eth { color: var(--eth) } #read-out .sol { color: var(--sol) } #read-out .xag { color: var(--xag) }
"""
