struct mistake { int x }
