#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer as a library (LLVM, FuzzerInterface.h): runs the loop with its own command line.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
