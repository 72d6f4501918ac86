# Configured to keep its binding, it stops without a word.
account tcp keep-on-stop
come-up 300s
stop
expect left
expect registers 2
