using System.Globalization;

namespace AdapterServe.AdapterStore.Registry;

/// <summary>Times as the registry holds them: text of one length whose order is that of the times.</summary>
internal static class RegistryTime
{
    public static string Format(DateTimeOffset time) => time.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

    public static DateTimeOffset Parse(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}
