# Akashi: the two commands are `make demo` and `make test`; `make help` lists the rest.
SWIFT_FLAGS := --explicit-target-dependency-import-check error
TERMINALS   ?= 64
SESSIONS    ?= 2000
PHONES      ?= 0
FUZZ_CASES  ?= 1000000
MUTANTS     ?= 100000
KILLS       ?= 100
SHELL       := /bin/bash

FUZZ_FLAGS  := -Xswiftc -sanitize=fuzzer,address -Xswiftc -enable-testing -Xswiftc -use-ld=lld
TARGET      ?= verifier
SECONDS     ?= 60

.PHONY: help demo kiosk verifier test test-full fuzz fuzz-build fuzz-all fuzz-seeds library load bench deps programs release package format lint clean

help:
	@echo "make demo   a certificate of each kind, the whole way, with real parts; PDF and PNG in out/"
	@echo "make test   all tests"
	@echo "make kiosk  the interactive terminal against a local vrs and centre; the card's PIN is 1234"
	@echo "make verifier  the checking page in a browser, with the trust of make demo and make kiosk; Ctrl-C ends it"
	@echo "make load   TERMINALS=$(TERMINALS) SESSIONS=$(SESSIONS) PHONES=$(PHONES) sessions of distinct cards against local services; half of them at phones where there are any"
	@echo "make bench  one JSON line a figure, with its baseline"
	@echo "make library  builds another package that uses Credentials"
	@echo "make fuzz   TARGET=$(TARGET) SECONDS=$(SECONDS) libFuzzer on one decoder; make fuzz-all for each in turn, fuzz-build lists them"
	@echo "make test-full  all tests in release, with $(FUZZ_CASES) cases of bad input a parser, $(MUTANTS) signed mutants a format, $(SESSIONS) mixed sessions and $(KILLS) kills"
	@echo "make lint   formatting; must be silent. make format  formats in place"
	@echo "make deps   installs or names what is missing. make release  every program, built for speed"
	@echo "make package  Debian packages of vrs, centre, wallet, verifier, kiosk-sim and what to watch, in .build/package/deb; VERSION=… names them"
	@echo "make clean  deletes what was built, out/ and .akashi; the development keys are forgotten, and what was printed before no longer verifies"

# Names or installs what is missing; with nothing missing it costs a few milliseconds.
deps:
	@.make/deps

# Everything but the tests at once: a build for each program would plan the whole package each time.
programs: deps
	swift build $(SWIFT_FLAGS)

release: deps
	swift build -c release $(SWIFT_FLAGS)

# Debian packages of the programs in $(PACKAGES), of a build of their own: with Swift's runtime linked in, so that a host
# needs nothing but Debian's libraries.
PACKAGES ?= .build/package/deb
STATIC   := -c release --scratch-path .build/package --static-swift-stdlib
package: deps
	@set -e; for program in vrs centre wallet verifier kiosk-sim printer-sim; do \
		echo swift build $(STATIC) --product $$program; swift build $(STATIC) $(SWIFT_FLAGS) --product $$program; done
	@.make/package/build "$$(swift build $(STATIC) --show-bin-path)" $(PACKAGES) $(if $(VERSION),--version $(VERSION))

demo: programs
	.make/demo "$$(swift build --show-bin-path)"

kiosk: programs
	.make/kiosk "$$(swift build --show-bin-path)"

verifier: programs
	@.make/verifier "$$(swift build --show-bin-path)"

# The started programs come last; packages are put into a fresh Debian by `make test-full` alone, which makes them.
UNIT_TESTS := $(filter-out EndToEndTests OperationTests InstallationTests,$(notdir $(wildcard Tests/*Tests)))

# The fuzzers are run by hand, so that nothing else would tell that they no longer compile.
test: deps
	AKASHI_FUZZ=1 swift build $(SWIFT_FLAGS) --target akashi-fuzz
	swift build $(SWIFT_FLAGS) --build-tests
	@.make/test $(UNIT_TESTS) EndToEndTests OperationTests

# In memory, since a disk would be waited for each time a file is written anew: a quarter of an hour for a million of them. Tests
# that look into a module (@testable) build in release only with what makes that possible.
test-full: package
	swift build -c release $(SWIFT_FLAGS) -Xswiftc -enable-testing --build-tests
	@TMPDIR=$${TMPDIR:-/dev/shm} AKASHI_FUZZ_CASES=$(FUZZ_CASES) AKASHI_MUTANTS=$(MUTANTS) \
		AKASHI_SESSIONS=$(SESSIONS) AKASHI_KILLS=$(KILLS) AKASHI_TARGET_MINUTES=$${AKASHI_TARGET_MINUTES:-120} \
		AKASHI_PACKAGES=$(abspath $(PACKAGES)) AKASHI_PACKAGED="$$(swift build $(STATIC) --show-bin-path)" \
		.make/test -c release $(UNIT_TESTS) EndToEndTests OperationTests InstallationTests

# Credentials as another package uses it: only what is public, nothing of ours but the two modules.
library: deps
	swift build --package-path Tests/Library --scratch-path .build-library

# In a folder of its own, since every module is built with the sanitizers.
FUZZER = .build/fuzz/release/akashi-fuzz
fuzz-build: deps
	AKASHI_FUZZ=1 swift build -c release --scratch-path .build/fuzz $(SWIFT_FLAGS) $(FUZZ_FLAGS) --product akashi-fuzz
	@echo "decoders: $$($(FUZZER) --list | tr '\n' ' ')"

fuzz: fuzz-build
	Tests/Fuzz/run $(FUZZER) $(TARGET) $(SECONDS)

fuzz-%: fuzz-build
	Tests/Fuzz/run $(FUZZER) $* $(SECONDS)

fuzz-all: fuzz-build
	@set -e; for decoder in $$($(FUZZER) --list); do Tests/Fuzz/run $(FUZZER) $$decoder $(SECONDS); done

# Makes the seeds anew, from certificates and a card made up for the purpose.
fuzz-seeds: release
	"$$(swift build -c release --show-bin-path)/akashi-bench" seeds Tests/Fuzz/Seeds

load: release
	.make/load --phones $(PHONES) "$$(swift build -c release --show-bin-path)" $(TERMINALS) $(SESSIONS)

bench: release
	"$$(swift build -c release --show-bin-path)/akashi-bench"
	.make/operate "$$(swift build -c release --show-bin-path)"
	.make/load --bench "$$(swift build -c release --show-bin-path)" $(TERMINALS) $(SESSIONS)
	.make/phones "$$(swift build -c release --show-bin-path)" $(SESSIONS)

format:
	swift format --in-place --recursive Package.swift Sources Tests kiosk-sim

lint:
	swift format lint --strict --recursive Package.swift Sources Tests kiosk-sim

# The development keys in .akashi go too.
clean:
	rm -rf .build .build-library out .akashi
	@echo "The development keys are forgotten: what was printed before no longer verifies."
