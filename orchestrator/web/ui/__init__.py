"""The dashboard: pages that show what the store knows, live, and ask for changes by the API that everybody uses."""
