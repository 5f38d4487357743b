using Games.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Games.ServiceDefaults;

public static class Settings
{
    /// <summary>Adds options that are bound to a section, validated at the start and injected as themselves.</summary>
    public static void AddValidatedOptions<T>(this IServiceCollection services, string section)
        where T : class
    {
        services.AddOptions<T>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<T>>().Value);
    }

    /// <summary>
    /// Validates the options and runs the service. The host validates them too, but logs a failure with its stack trace, where one line is
    /// enough (<see cref="IsWrongSetting"/>).
    /// </summary>
    /// <exception cref="SettingException">Another program listens where this one is to.</exception>
    public static async Task RunServiceAsync(this WebApplication app)
    {
        app.Services.GetService<IStartupValidator>()?.Validate();
        try
        {
            await app.RunAsync();
        }
        catch (IOException failure) when (failure.InnerException is AddressInUseException)
        {
            throw new SettingException($"{failure.Message.TrimEnd('.')}: choose another with --urls.");
        }
    }

    /// <summary>Whether a setting is missing, cannot be read or breaks a rule. The message names its key.</summary>
    public static bool IsWrongSetting(this Exception failure) => failure switch
    {
        SettingException or OptionsValidationException => true,
        AggregateException several => several.InnerExceptions.All(IsWrongSetting),
        // What the binder cannot convert: "Failed to convert configuration value 'x' at 'Journal:BatchLimit' to type 'System.Int32'."
        InvalidOperationException => failure.Source is "Microsoft.Extensions.Configuration.Binder",
        _ => false,
    };
}
