namespace Games.Ops;

/// <summary>Sentences for a person: results on standard output, failures on standard error.</summary>
internal static class Terminal
{
    /// <summary>Says what was done; true.</summary>
    public static bool Done(string text)
    {
        Console.Out.WriteLine(text);
        return true;
    }

    /// <summary>Says why it was not done; false.</summary>
    public static bool NotDone(string text)
    {
        Console.Error.WriteLine(text);
        return false;
    }

    /// <summary>Without control characters: what a message, an event or a server says must not speak to the terminal.</summary>
    public static string Printable(string text) => string.Create(text.Length, text, (printable, source) =>
    {
        for (var i = 0; i < printable.Length; i++)
            printable[i] = char.IsControl(source[i]) ? ' ' : source[i];
    });
}
