process.stdout.write('0.6.0-alpha.0\n');
