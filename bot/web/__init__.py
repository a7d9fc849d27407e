"""The web half of the bot: a fenced FastAPI application with a Gradio chat page and a plain chat route.

serve → app → fences and bodies → api (`POST /api/chat`, `/healthz`, `/readyz`) and index → page (Gradio).
page → conversations → transcript and evidence (replies as HTML). Both ask through stream, after warmup.
"""
