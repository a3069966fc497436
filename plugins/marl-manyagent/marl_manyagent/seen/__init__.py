"""What is seen of many agents: info columns over time, the Ising model's order against temperature."""
