from sleapnn_engine.inference.predictor import Predictor

__all__ = ["Predictor"]
