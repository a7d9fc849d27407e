"""The web half of the bot: a fenced FastAPI application with a Gradio chat page and a plain chat route.

app → fences → api (`POST /api/chat`, `/healthz`, `/readyz`) and page (Gradio; evidence.py draws its replies).
Both ask through stream.py, which waits for warmup.py. `bot.web.serve.serve` runs it all.
"""
