"""The command line. Listing and explaining import nothing heavy; what a command needs, it imports itself."""
