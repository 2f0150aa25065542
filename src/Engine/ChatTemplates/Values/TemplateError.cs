namespace AdapterServe.Engine.ChatTemplates.Values;

/// <summary>A template's fault while it runs; the renderer adds the line and makes it a <see cref="ChatTemplateException"/>.</summary>
internal sealed class TemplateError(string message) : Exception(message);
