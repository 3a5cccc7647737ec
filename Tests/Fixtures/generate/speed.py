"""Sampling that leaves out some of the work: DeepCache, and guidance in a part of the steps."""

from common import generator, save

from DeepCache import DeepCacheSDHelper
from diffusers import EulerDiscreteScheduler

from models import load
from pipelines import NEGATIVE, PROMPT

STEPS = 8


def main():
    out = {}
    for name in ("tiny-sd1", "tiny-sd2"):
        pipe = load(name)
        pipe.set_progress_bar_config(disable=True)
        pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)

        def latents(**arguments):
            return pipe(
                prompt=PROMPT,
                negative_prompt=NEGATIVE,
                num_inference_steps=STEPS,
                guidance_scale=7.5,
                generator=generator(7),
                output_type="latent",
                **arguments,
            ).images

        for interval in (2, 3):
            helper = DeepCacheSDHelper(pipe=pipe)
            helper.set_params(cache_interval=interval, cache_branch_id=0)
            helper.enable()
            out[f"{name}.cache.{interval}"] = latents()
            helper.disable()

        def cut(pipe, step, time, kwargs):
            # Five of eight steps are guided.
            if step == 4:
                pipe._guidance_scale = 0.0
                kwargs["prompt_embeds"] = kwargs["prompt_embeds"].chunk(2)[-1]
            return kwargs

        out[f"{name}.guidance"] = latents(
            callback_on_step_end=cut, callback_on_step_end_tensor_inputs=["prompt_embeds"]
        )
    save("speed/speed.safetensors", out)


if __name__ == "__main__":
    main()
