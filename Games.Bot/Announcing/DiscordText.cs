using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Games.Bot.Announcing;

/// <summary>
/// Text of users as Discord shows it to the letter: nothing in it is a mention, a timestamp, a link in disguise or the end of somebody else's field.
/// Plain addresses stay links. Lengths here are UTF-16 units, which no limit of Discord's counts as less than one: whichever it counts, it holds.
/// </summary>
internal static partial class DiscordText
{
    private const string Ellipsis = "…";
    private const string Special = "\\*_~|>[]()#-<:@`";

    /// <summary>The text, at most so long as it will be sent; what does not fit is cut off at its end.</summary>
    public static string Escape(string text, int longest)
    {
        var escaped = new StringBuilder(Math.Min(2 * text.Length, longest));
        var (isLineStart, end) = (true, 0);
        foreach (var link in Links().EnumerateMatches(text))
        {
            if (!Append(text.AsSpan(end, link.Index - end)))
                return Cut();
            // Half an address would be another address.
            if (escaped.Length + link.Length > longest - Ellipsis.Length)
                return Cut();
            escaped.Append(text.AsSpan(link.Index, link.Length));
            (end, isLineStart) = (link.Index + link.Length, false);
        }

        return Append(text.AsSpan(end)) ? escaped.ToString() : Cut();

        bool Append(ReadOnlySpan<char> part)
        {
            Span<char> units = stackalloc char[2];
            foreach (var rune in part.EnumerateRunes())
            {
                var isEscaped = rune.IsAscii && (Special.Contains((char)rune.Value) || rune.Value == '.' && IsNumber());
                var length = rune.EncodeToUtf16(units);
                // One unit is kept for the ellipsis.
                if (escaped.Length + length + (isEscaped ? 1 : 0) > longest - Ellipsis.Length)
                    return false;
                if (isEscaped)
                    escaped.Append('\\');
                escaped.Append(units[..length]);
                isLineStart = rune.Value == '\n' || isLineStart && (Rune.IsDigit(rune) || Rune.IsWhiteSpace(rune));
            }

            return true;
        }

        // "1." at the start of a line would be a list.
        bool IsNumber() => isLineStart && escaped.Length > 0 && char.IsAsciiDigit(escaped[^1]);

        string Cut() => escaped.Append(Ellipsis).ToString();
    }

    public static string TimeOf(DateTimeOffset time)
    {
        var seconds = time.ToUnixTimeSeconds();
        return string.Create(CultureInfo.InvariantCulture, $"<t:{seconds}:F> (<t:{seconds}:R>)");
    }

    // Without any character that is one of markdown: what comes after it is escaped.
    [GeneratedRegex(@"\bhttps?://[A-Za-z0-9.~:/?#%&=+,;_-]+", RegexOptions.IgnoreCase)]
    private static partial Regex Links();
}
