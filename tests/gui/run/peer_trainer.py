"""A trainer that speaks as sleap-nn does on SLEAP's ports: it connects, and sends one part of JSON text a message."""

import json
import math
import socket
import time

import zmq


def free_ports(count=2):
    """Ports that nobody listens on now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return numbers


class PeerTrainer:
    """Connects to both ports; `heard` are the commands that came, one looked for after each batch."""

    def __init__(self, progress, control):
        self._context = zmq.Context()
        self.sender, self.receiver = self._context.socket(zmq.PUB), self._context.socket(zmq.SUB)
        self.receiver.subscribe(b"")
        self.sender.connect(f"tcp://127.0.0.1:{progress}")
        self.receiver.connect(f"tcp://127.0.0.1:{control}")
        self.heard, self.metrics = [], {}
        time.sleep(0.3)  # a PUB that has only just connected loses what it says

    def send(self, event, *, logs=None, **more):
        # Non-finite numbers go out bare, as sleap-nn writes them.
        self.send_raw(json.dumps({"what": "", "event": event, "logs": logs, **more}).encode())

    def send_raw(self, data):
        self.sender.send(data)

    def begin(self):
        self.send("train_begin", wandb_url=None)

    def epoch(self, number, *, batches, loss, val, lr=1e-3, late=True):
        """As it is said there: training loss and rate of an epoch come with the first batch of the next."""
        self.send("epoch_begin", epoch=number)
        for batch in range(batches):
            self.send("batch_start", batch=batch)
            self.metrics["loss"] = loss
            self.send("batch_end", logs=self.metrics, epoch=number, batch=batch)
        self.metrics |= {"val/loss": val, "epoch": float(number), "eval/val/centroid_dist_avg": math.inf}
        self.send("epoch_end", logs=self.metrics, epoch=number)
        if late:
            self.metrics |= {"train/loss": loss, "train/lr": lr, "train/samples_per_sec": 12.0}

    def stop_came(self):
        """Look for one command, as it does after each batch."""
        if self.receiver.poll(10):
            self.heard.append(self.receiver.recv())
        return b'{"command": "stop"}' in self.heard

    def end(self):
        self.send("train_end")
        self.close()

    def close(self):
        self._context.destroy(linger=1000)
