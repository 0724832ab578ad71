package main

// Program lets the external tests run the program itself.
var Program = program
