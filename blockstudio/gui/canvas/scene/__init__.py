"""What is drawn and where: stages, boxes, routes, ports, places, what lies under a point."""
