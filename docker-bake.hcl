# Every variant of the image: `docker buildx bake` builds them all, `docker buildx bake 3_3-1` builds one by its tag,
# with `_` for `.`; `--print` lists them. To build for this machine's platform only, add --set '*.platform='.
variable "IMAGE" {
  default = "astro-runtime" # to include a registry: IMAGE=registry.example.com/airflow/astro-runtime
}

group "default" {
  targets = ["image"]
}

target "image" {
  name = replace("${it.tag}${variant == "slim" ? "-slim" : ""}${stage == "base" ? "-base" : ""}", ".", "_")
  matrix = {
    # Written by `make versions` from catalogue.json: begin
    it = [
      { tag = "3.3-1-python-3.11", tags = ["3.3-1-python-3.11"], release = "3.3-1", line = "3.3", airflow = "3.3.2", python = "3.11", debian = "bookworm" },
      { tag = "3.3-1", tags = ["3.3-1", "3.3-1-python-3.12"], release = "3.3-1", line = "3.3", airflow = "3.3.2", python = "3.12", debian = "bookworm" },
      { tag = "3.3-1-python-3.13", tags = ["3.3-1-python-3.13"], release = "3.3-1", line = "3.3", airflow = "3.3.2", python = "3.13", debian = "trixie" },
      { tag = "13.0.0", tags = ["13.0.0", "13.0.0-python-3.11"], release = "13.0.0", line = "2.11", airflow = "2.11.2", python = "3.11", debian = "bookworm" },
      { tag = "13.0.0-python-3.12", tags = ["13.0.0-python-3.12"], release = "13.0.0", line = "2.11", airflow = "2.11.2", python = "3.12", debian = "bookworm" },
    ]
    # end
    variant = ["full", "slim"]
    stage   = ["project", "base"]
  }
  target    = stage
  platforms = ["linux/amd64", "linux/arm64"]
  args = {
    RELEASE         = it.release
    LINE            = it.line
    AIRFLOW_VERSION = it.airflow
    PYTHON_VERSION  = it.python
    DEBIAN          = it.debian
    VARIANT         = variant
  }
  tags = [for tag in it.tags : "${IMAGE}:${tag}${variant == "slim" ? "-slim" : ""}${stage == "base" ? "-base" : ""}"]
}
