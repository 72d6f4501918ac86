account tcp keep-on-stop
come-up 300s
stop
expect left
expect registers 2
