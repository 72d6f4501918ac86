# This machine's own shortage: nobody is blamed, and to ask again costs nobody
# anything, so never rarer than twice a minute (SCENARIOS O4).
account tcp
start
expect resolve
resolved 1
expect open
refused no-resources
expect reason no-resources
expect state wait
expect resolve within 4s..8s
resolved 1
expect open
refused no-resources
expect resolve within 8s..16s
resolved 1
expect open
refused no-resources
expect resolve within 15s..30s
resolved 1
expect open
refused no-resources
expect resolve within 15s..30s
resolved 1
expect open
connected
expect register
