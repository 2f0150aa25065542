using System.Text;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Containers.OneBit;

/// <summary>
/// The part of YAML that flat configurations use: one <c>key: value</c> a line, comments and empty lines; values are plain or in quotes, without
/// escapes.
/// <b>Errors</b>: Malformed <c>config_yaml</c> for everything else.
/// </summary>
internal static class FlatYaml
{
    private const int MaxBytes = 1 << 16;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Dictionary<string, string> Read(string path, string name)
    {
        if (new FileInfo(path).Length > MaxBytes)
        {
            throw Wrong(name, $"has more than {MaxBytes} bytes");
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Text(path, name).Split('\n').Select(line => line.TrimEnd('\r', ' ', '\t')))
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1 || !line[..colon].All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || (colon + 1 < line.Length && line[colon + 1] != ' '))
            {
                throw Wrong(name, $"has the line '{AdapterNames.Shorten(line)}', which is no plain 'key: value'");
            }

            if (!values.TryAdd(line[..colon], Value(line[(colon + 1)..].Trim(' '), name)))
            {
                throw Wrong(name, $"has the key '{AdapterNames.Shorten(line[..colon])}' twice");
            }
        }

        return values;
    }

    private static string Text(string path, string name)
    {
        try
        {
            return s_strict.GetString(File.ReadAllBytes(path));
        }
        catch (DecoderFallbackException)
        {
            throw Wrong(name, "is not UTF-8");
        }
    }

    private static string Value(string text, string name)
    {
        if (text.Length >= 2 && text[0] is '"' or '\'' && text[^1] == text[0])
        {
            text = text[1..^1];
            return text.AsSpan().ContainsAny("\\'\"") ? throw Wrong(name, "has an escape in a string") : text;
        }

        return text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+' or '/')
            ? text
            : throw Wrong(name, $"has the value '{AdapterNames.Shorten(text)}', which is no plain word or number");
    }

    private static AdapterStoreException Wrong(string name, string what) => StoreErrors.Malformed("config_yaml", $"{name} {what}.");
}
