"""The tests, as a package: some of them start processes that import it."""
